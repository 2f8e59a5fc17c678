"""What the program says while it works: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ntkreg.messages import Language, Sentence

from .language import choose_language
from .options import Lang

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int, str], None]
# stages that are not the name of a model have a sentence
_STAGES = {
    "read": "I690",
    "explain": "I691",
    "fit": "I692",
    "knowledge": "I693",
    "regime": "I696",
    "declined": "I697",
    "learning": "I699",
    "profiler": "I747",
}


def json_text(document: Any) -> str:
    """Return one JSON document that any console or pipe carries without loss."""
    utf8 = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    return json.dumps(document, ensure_ascii=not utf8, indent=2, default=str)


class Talk:
    """Speaks one language to one user.

    Parameters
    ----------
    lang : Lang or None
        What the user asked for; None takes the language of the environment.
    quiet : bool, default=False
        Say nothing on stderr.
    """

    def __init__(self, lang: Lang | None, quiet: bool = False) -> None:
        self.language: Language = "ja" if lang is Lang.ja else "en"
        if lang is None:
            self.language = choose_language(())
        self.quiet = quiet
        self._told = -1

    def say(self, sentence: Sentence) -> None:
        """Write a sentence and its hint on stderr."""
        if not self.quiet:
            parts = (sentence.text(self.language), sentence.hint(self.language))
            sys.stderr.write(" ".join(part for part in parts if part) + "\n")

    def warn(self, sentences: Sequence[Sentence]) -> None:
        """Write warnings on stderr, one a line, with their codes."""
        for sentence in sentences:
            if not self.quiet:
                text = Sentence("I689", {"text": sentence.text(self.language)})
                sys.stderr.write(f"{text.text(self.language)} ({sentence.code})\n")

    def result(self, text: str) -> None:
        """Write a line of the result on stdout."""
        sys.stdout.write(text + "\n")

    def failures(self, failures: Sequence[tuple[str, str]]) -> None:
        """Say which models failed, and why."""
        self.warn([Sentence("W650", {"model": name, "text": text}) for name, text in failures])

    def table(self, frame: pd.DataFrame) -> None:
        """Write a table on stdout: drawn on a terminal, else columns of plain text."""
        from pandas.api import types as pd_types
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=None if not sys.stdout.isatty() else SIMPLE_HEAD, pad_edge=False)
        for name in frame.columns:
            numeric = pd_types.is_numeric_dtype(frame[name])
            drawn.add_column(Text(str(name)), justify="right" if numeric else "left")
        for row in frame.itertuples(index=False, name=None):
            drawn.add_row(*(Text(_cell(value)) for value in row))
        # a pipe has no width: nothing may be cut there
        width = None if sys.stdout.isatty() else 10_000
        Console(file=sys.stdout, width=width, highlight=False).print(drawn)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Yield a callback `(done, total, text)`: a bar on a terminal, else one line a step."""
        if self.quiet:
            yield lambda _done, _total, _text: None
        elif sys.stderr.isatty():
            with self._bar() as show:
                yield show
        else:
            yield self._line

    def _stage(self, text: str) -> str:
        word, _, rest = text.partition(" ")
        known = Sentence(_STAGES[word]).text(self.language) if word in _STAGES else word
        return f"{known} {rest}".rstrip()

    def _line(self, done: int, total: int, text: str) -> None:
        # a log file wants to know how far the work is, not every fit of every fold
        twentieth = 20 * done // max(total, 1)
        if text and (twentieth > self._told or text.partition(" ")[0] in _STAGES):
            self._told = twentieth
            sys.stderr.write(f"[{done}/{total}] {self._stage(text)}\n")
            sys.stderr.flush()

    @contextmanager
    def _bar(self) -> Iterator[Progress]:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                   TimeElapsedColumn(), TimeRemainingColumn(),
                   TextColumn("{task.description}", markup=False))  # fmt: skip
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=1)

            def show(done: int, total: int, text: str) -> None:
                bar.update(task, completed=done, total=total, description=self._stage(text))

            yield show


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return "" if value is None else str(value)
