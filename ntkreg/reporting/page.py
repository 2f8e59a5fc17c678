"""The report: one HTML file that opens without a network; its only script is the profiler's."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ntkreg.messages import Language
from ntkreg.reporting.charts.svg import COLOURS, dark_rules
from ntkreg.reporting.content import ReportContent
from ntkreg.reporting.files import write_whole
from ntkreg.reporting.sections import accuracy as accuracy_section
from ntkreg.reporting.sections import data as data_section
from ntkreg.reporting.sections import decision as decision_section
from ntkreg.reporting.sections import knowledge as knowledge_section
from ntkreg.reporting.sections import model as model_section
from ntkreg.reporting.sections import pairs as pairs_section
from ntkreg.reporting.sections import profiler
from ntkreg.reporting.sections import regime as regime_section
from ntkreg.reporting.sections import scores as scores_section
from ntkreg.reporting.sections import shap as shap_section
from ntkreg.reporting.sections import summary as summary_section
from ntkreg.reporting.text import cut, plain
from ntkreg.reporting.view import View

LONG_TABLE = 15


def write_report(content: ReportContent, path: Path, language: Language) -> None:
    """Write the report as one self-contained HTML file.

    Parameters
    ----------
    content : ReportContent
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
    write_whole(Path(path), render(content, language).encode("utf-8"))


def render(content: ReportContent, language: Language) -> str:
    """Return the report as text; the same content gives the same text."""
    view = View(content, language)
    return str(
        environment()
        .get_template("page.html")
        .render(
            t=view.t,
            lang=language,
            title=view.t["page"]["title"].format(target=cut(content.dataset.target.name, 60)),
            content=content,
            rows=f"{content.dataset.n_rows:,}",
            unit=view.unit,
            long_table=LONG_TABLE,
            **style_and_policy(script=content.what_if is not None),
            **_sections(view),
        )
    )


def _sections(view: View) -> dict[str, Any]:
    return {
        "summary": summary_section.summary(view),
        "data": data_section.data(view),
        "scores": scores_section.scores(view),
        "accuracy": accuracy_section.accuracy(view),
        "decision": decision_section.decision(view),
        "shap": shap_section.shap(view),
        "agreement": pairs_section.agreement(view),
        "interactions": pairs_section.interactions(view),
        "profiler": profiler.profiler(view),
        "knowledge": knowledge_section.knowledge(view),
        "method": model_section.method(view),
        "regime": regime_section.regime(view),
        "settings": model_section.settings(view),
    }


@functools.cache
def environment() -> Any:
    """Return the template environment, with escaping on."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cut"] = cut
    environment.filters["plain"] = plain
    return environment


def _template(name: str) -> str:
    file = resources.files(__package__).joinpath("templates", name)
    return file.read_text(encoding="utf-8")


def style_and_policy(*, script: bool = False) -> dict[str, Any]:
    """Return the style sheet, the profiler's script, and the policy that lets nothing else act.

    Nothing is requested, no style attribute has an effect, and no other script runs, nor any
    without a profiler.
    """
    style, code = _style(), _template("profiler.js") if script else ""
    sources = f"style-src {_digest(style)}; " + (f"script-src {_digest(code)}; " if script else "")
    policy = f"default-src 'none'; {sources}img-src data:; base-uri 'none'; form-action 'none'"
    return {"style": Markup(style), "script": Markup(code), "policy": policy}


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


@functools.cache
def _style() -> str:
    chips = "".join(f".chip.{role}{{background:{light}}}" for role, (light, _) in COLOURS.items())
    dark_chips = "".join(
        f".chip.{role}{{background:{dark}}}" for role, (_, dark) in COLOURS.items()
    )
    dark = f"@media screen and (prefers-color-scheme:dark){{{dark_rules()}{dark_chips}}}"
    return _template("style.css") + chips + dark
