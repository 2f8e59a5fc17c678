"""How a table is to be read, as its user says it: one object from the command line to the cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypedDict

import pandas as pd

from ntkreg.exceptions import InputError
from ntkreg.io.cells.marks import Marks, narrow
from ntkreg.io.cells.units import without_unit
from ntkreg.io.cells.values import Status, parse_number, read_cell
from ntkreg.io.columns.column import RawColumn
from ntkreg.io.layout.names import fold
from ntkreg.io.layout.wishes import Wishes
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

Censored = Literal["missing", "limit"]


class ReadingKeywords(TypedDict, total=False):
    """Reading options as keywords; see `ReadOptions` for what they mean."""

    sheet: str | None
    encoding: str | None
    header_row: int | None
    no_header: bool
    fill_merged: bool
    keep: Iterable[str]
    missing: Iterable[str | float]
    censored: Censored


@dataclass(frozen=True)
class ReadOptions:
    """How a table is to be read.

    Parameters
    ----------
    sheet : str, optional
        Sheet of a workbook; default: the first visible one with data.
    encoding : str, optional
        Encoding of a text file; default: found by byte order mark, UTF-8, cp932, in that order.
    header_row : int, optional
        Row of the column names, counted from 1; default: found.
    no_header : bool, default=False
        Whether the table has no row of names; its columns are then named A, B, C.
    fill_merged : bool, default=False
        Whether every cell of a merged range in the data gets the value of its first cell.
    keep : tuple of str, default=()
        Words that are values although they look like marks for missing cells ("NA", "なし").
    missing : tuple of str, default=()
        Further marks for missing cells, words ("未") or numbers ("-9999"). Here and in `keep`,
        "column=word" means this column only.
    censored : {"missing", "limit"}, default="missing"
        Whether ``<0.01`` or ``100以上`` count as missing or as their limit.

    Raises
    ------
    InputError
        If a word is blank or both kept and missing, or `censored` is unknown.
    """

    sheet: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    no_header: bool = False
    fill_merged: bool = False
    keep: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    censored: Censored = "missing"

    def __post_init__(self) -> None:
        words = [narrow(text).lower() for text in self.keep + self.missing]
        if not all(words):
            raise InputError("E176")
        both = set(words[: len(self.keep)]) & set(words[len(self.keep) :])
        if both:
            raise InputError("E175", word=min(both))
        if self.censored not in ("missing", "limit"):
            raise InputError("E177", value=str(self.censored))

    @classmethod
    def of(cls, reading: ReadingKeywords) -> ReadOptions:
        """Return the options of a call's keywords."""
        marks = {name: _texts(reading.get(name, ())) for name in ("keep", "missing")}
        values: dict[str, Any] = {**reading, **marks}
        return cls(**values)

    @property
    def wishes(self) -> Wishes:
        """What is said about the layout, and about marks, whose columns have no names yet."""
        texts = {form for text in self.missing for form in (text, text.rpartition("=")[2])}
        words = frozenset(narrow(text).lower() for text in texts) - {""}
        marks = Marks(missing=words, numbers=_numbers(words))
        return Wishes(self.header_row, self.no_header, self.fill_merged, marks)

    def settings(self) -> dict[str, Any]:
        """Return the options as they stand in the record of a run: plain JSON values."""
        plain = asdict(self)
        return plain | {"keep": list(self.keep), "missing": list(self.missing)}

    def marks(self, names: Sequence[str]) -> list[Marks]:
        """Return what is said about the marks in each column, by the columns' names."""
        if not self.keep + self.missing:
            return [Marks(at_limit=self.censored == "limit")] * len(names)
        keep, missing = (_by_column(texts, names) for texts in (self.keep, self.missing))
        return [self._marks_of(name, keep, missing) for name in names]

    def _marks_of(self, name: str, keep: Mapping[str, Any], missing: Mapping[str, Any]) -> Marks:
        scopes = {fold(name), fold(without_unit(name))}
        own_keep = frozenset(w for s in scopes for w in keep.get(s, ()))
        own = frozenset(w for s in scopes for w in missing.get(s, ()))
        # what is said of one column goes before what is said of all
        words = (frozenset(missing.get("", ())) - own_keep) | own
        kept = own_keep | (frozenset(keep.get("", ())) - own)
        return Marks(kept, words, _numbers(words), self.censored == "limit")

    def unused(self, columns: Sequence[RawColumn]) -> list[LedgerEntry]:
        """Say which of the words asked for stand in no cell: they may be slips of the pen."""
        idle = []
        for texts, status in ((self.keep, Status.TEXT), (self.missing, Status.MARK)):
            for text in texts:
                scope, word = next(iter(_by_column((text,), [c.name for c in columns]).items()))
                if not any(_holds(column, scope, word[0], status) for column in columns):
                    idle.append(text)
        if not idle:
            return []
        return [LedgerEntry("warning", Sentence("W170", {"words": idle}), count=len(idle))]


def remembered(settings: Mapping[str, Any]) -> ReadingKeywords:
    """Return what a model's settings say about the meaning of cells, for a new file.

    Where the header stands is not among it: that is another matter in every file.
    """
    options = ReadOptions(
        fill_merged=bool(settings.get("fill_merged", False)),
        keep=_texts(settings.get("keep", ())),
        missing=_texts(settings.get("missing", ())),
        censored=settings.get("censored", "missing"),
    )
    return {
        "fill_merged": options.fill_merged,
        "keep": options.keep,
        "missing": options.missing,
        "censored": options.censored,
    }


def _numbers(words: Iterable[str]) -> frozenset[float]:
    return frozenset(n for word in words if (n := parse_number(word)[0]) is not None)


def _texts(values: Any) -> tuple[str, ...]:
    """Words and numbers as texts; one alone is taken for a list of one."""
    values = [values] if isinstance(values, str | float | int) else values
    return tuple(v if isinstance(v, str) else f"{v:.15g}" for v in values)


def _by_column(texts: Iterable[str], names: Sequence[str]) -> dict[str, list[str]]:
    """Words by the folded name of the column that they are meant for, "" for all columns."""
    known = {fold(form) for name in names for form in (name, without_unit(name))}
    words: dict[str, list[str]] = {}
    for text in texts:
        column, equals, word = text.rpartition("=")
        scope = fold(column) if equals and word.strip() and fold(column) in known else ""
        words.setdefault(scope, []).append(narrow(word if scope else text).lower())
    return words


def _holds(column: RawColumn, scope: str, word: str, status: Status) -> bool:
    """Whether a cell of a column holds a word, or the number that it is."""
    if scope and scope not in (fold(column.name), fold(without_unit(column.name))):
        return False
    number = parse_number(word)[0]
    cells = pd.unique(pd.Series(column.cells[column.readings.rows(status)], dtype=object))
    return any(
        narrow(str(cell)).lower() == word
        or (number is not None and read_cell(cell, column.decimal).value == number)
        for cell in cells
    )
