"""What every section needs: the content, the words of one language, and a few look-ups."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.evaluation.results import ContenderResult
from ntkreg.inspection.clusters import Clusters, find_clusters
from ntkreg.messages import Language, Sentence
from ntkreg.reporting.charts.accuracy import HeldOut
from ntkreg.reporting.content import ReportContent
from ntkreg.reporting.text import MINUS, plain, texts, word

_MINUS = re.compile(r"(?<![\w.\-])-(?=\d)")


@dataclass(frozen=True)
class View:
    """A report's content as seen by a reader of one language.

    Parameters
    ----------
    content : ReportContent
    language : {"ja", "en"}
    """

    content: ReportContent
    language: Language

    @property
    def t(self) -> Mapping[str, Any]:
        """All fixed texts."""
        return texts(self.language)

    @property
    def unit(self) -> str | None:
        """Unit of the target."""
        unit = self.content.dataset.target.unit
        return plain(unit) if unit else None

    @property
    def chosen(self) -> ContenderResult:
        """The recommended contender."""
        return self.content.benchmark.of(self.content.benchmark.chosen)

    @property
    def rival(self) -> ContenderResult | None:
        """The contender shown beside the chosen one: LightGBM, or else the best of the others."""
        others = [r for r in self.content.benchmark.results if r.name != self.chosen.name]
        return next((r for r in others if r.name == "lightgbm"), others[0] if others else None)

    @property
    def comma(self) -> str:
        """What stands between the items of a list."""
        return "、" if self.language == "ja" else ", "

    def model(self, name: str) -> str:
        """Return a contender's name for reading."""
        return word(self.t["models"], name)

    def say(self, sentence: Sentence) -> str:
        """Return a catalogue sentence in the reader's language, with real minus signs."""
        return _MINUS.sub(MINUS, plain(sentence.text(self.language)))

    def hint(self, sentence: Sentence) -> str:
        """Return what the reader can do about a sentence, or an empty string."""
        return plain(sentence.hint(self.language))

    @functools.cached_property
    def clusters(self) -> Clusters:
        """Feature columns that move together."""
        return find_clusters(self.content.dataset)

    def cluster_mark(self, position: int) -> str:
        """Return the sign of a cluster: a letter in a circle, a number from the 27th on."""
        return chr(0x24B6 + position) if position < 26 else f"({position + 1})"

    @functools.cached_property
    def fold_of_row(self) -> NDArray[np.int64]:
        """Fold in which a row is tested in the first repeat, from 0; -1 where it never is."""
        fold = np.full(self.content.dataset.n_rows, -1)
        first = [f for f in self.content.benchmark.plan.folds if f.repeat == 0]
        for number, part in enumerate(first):
            fold[part.test] = number
        return fold

    def held_out(self, result: ContenderResult) -> HeldOut:
        """Return the held-out predictions of the first repeat, row by row."""
        data = self.content.dataset
        position = data.row_numbers if data.time is None else data.time
        return HeldOut(data.y, result.predictions[0], self.fold_of_row, position.astype(np.float64))
