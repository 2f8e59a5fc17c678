"""The page of `ntkreg explain`: the report's section on Shapley values, alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ntkreg.inspection.results import Explanation
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Language, Sentence
from ntkreg.reporting import page
from ntkreg.reporting.content import ReportContent
from ntkreg.reporting.files import write_whole
from ntkreg.reporting.sections import pairs as pairs_section
from ntkreg.reporting.sections import shap as shap_section
from ntkreg.reporting.text import cut
from ntkreg.reporting.view import View


@dataclass(frozen=True)
class ExplanationContent:
    """What the page shows.

    Parameters
    ----------
    dataset : Dataset
        The rows that were explained.
    explanations : tuple of Explanation
        One or two models.
    version : str
        Version of the program.
    created : str
        Date, ISO form.
    """

    dataset: Dataset
    explanations: tuple[Explanation, ...]
    version: str
    created: str


def write_explanation(content: ExplanationContent, path: Path, language: Language) -> None:
    """Write an explanation as one self-contained HTML file.

    Parameters
    ----------
    content : ExplanationContent
        What to show.
    path : Path
        File to write; an existing one is replaced when the new one is complete.
    language : {"ja", "en"}
        Language of all texts.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    write_whole(Path(path), render_explanation(content, language).encode("utf-8"))


def render_explanation(content: ExplanationContent, language: Language) -> str:
    """Return the page as text; the same content gives the same text."""
    # the section reads nothing of a report's content but the table and the explanations
    view = View(cast(ReportContent, content), language)
    target = cut(content.dataset.target.name, 60)
    model = view.model(content.explanations[0].model)
    template: Any = page.environment().get_template("explanation.html")
    return str(
        template.render(
            t=view.t,
            lang=language,
            title=Sentence("I745", {"model": model, "target": target}).text(language),
            dataset=content.dataset,
            rows=f"{content.dataset.n_rows:,}",
            created=content.created,
            version=content.version,
            shap=shap_section.shap(view),
            agreement=pairs_section.agreement(view),
            interactions=None,
            **page.style_and_policy(),
        )
    )
