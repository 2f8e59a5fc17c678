"""Column names: shown as written, compared folded."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Protocol

from ntkreg.exceptions import InputError
from ntkreg.io.cells.units import without_unit

SEPARATOR = " / "
_RUNNING = re.compile(
    r"(?:.*(?:^|[^a-z]))?(?:no|id|index|idx|row|rowno|rowid|num|number|nr|#|seq)"
    r"|.*(?:番号|連番|通番|通し番号|行番|項番)|unnamed:?\s*\d*"
)
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z])")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff01-\uff60]")


class Named(Protocol):
    """Anything with a shown name and the text of the file."""

    @property
    def name(self) -> str:
        """Name shown."""

    @property
    def original(self) -> str:
        """Header text as found."""


def tidy(header: str) -> str:
    """Return a header on one line, without blanks around it."""
    return " ".join(header.split())


def visible(header: str) -> str:
    """Return a header on one line, its line breaks and tabs written out."""
    return header.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")


def fold(name: str) -> str:
    """Return what two names are compared by: no difference of width, case or blanks.

    Examples
    --------
    >>> fold(" ＴＥＭＰ ") == fold("Temp")
    True
    """
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def unique_names(headers: Sequence[str], positions: Sequence[int]) -> list[str]:
    """Return a unique name for each header.

    Parameters
    ----------
    headers : sequence of str
        Header texts; may be empty or equal.
    positions : sequence of int
        Position of each column in the file, from 0. An empty header becomes "column 3", in a
        file with Japanese headers "列3".

    Examples
    --------
    >>> unique_names(["a", "", "a"], [0, 1, 2])
    ['a', 'column 2', 'a (2)']
    """
    word = "列{}" if any(_WIDE.search(header) for header in headers) else "column {}"
    wanted = [tidy(h) or word.format(p + 1) for h, p in zip(headers, positions, strict=True)]
    taken = set(wanted)
    seen: dict[str, int] = {}
    names = []
    for name in wanted:
        seen[name] = number = seen.get(name, 0) + 1
        unique = name
        while number > 1 and unique in taken:
            unique = f"{name} ({number})"
            number += 1
        taken.add(unique)
        names.append(unique)
    return names


def looks_like_running_number(header: str) -> bool:
    """Return whether a header names a running number: No, 番号, ID, index, row, or nothing."""
    parted = _CAMEL.sub(" ", unicodedata.normalize("NFKC", tidy(header))).casefold().strip()
    name = parted.removesuffix(".").rstrip()
    return not name or _RUNNING.fullmatch(name) is not None


def nearest(name: str, candidates: Sequence[str], n: int = 3) -> list[str]:
    """Return the `n` candidates most like `name`, the best first."""
    target = fold(name)

    def likeness(candidate: str) -> float:
        return difflib.SequenceMatcher(None, target, fold(candidate)).ratio()

    return sorted(candidates, key=likeness, reverse=True)[:n]


def find(name: str, columns: Sequence[Named], file: str) -> int:
    """Return the position of the column a user means by `name`.

    Tried in turn: the exact name, the name folded, the name without its unit, the last part of a
    name joined from several header rows, any part of it. The first way that leads anywhere decides.

    Raises
    ------
    InputError
        If no column or more than one is meant.
    """
    ways: tuple[Callable[[Named], bool], ...] = (
        lambda c: name in (c.name, c.original),
        lambda c: fold(c.name) == fold(name),
        lambda c: fold(without_unit(c.name)) == fold(name),
        lambda c: fold(c.name.rpartition(SEPARATOR)[2]) == fold(name),
        lambda c: fold(without_unit(c.name.rpartition(SEPARATOR)[2])) == fold(name),
        lambda c: fold(name) in [fold(part) for part in c.name.split(SEPARATOR)],
    )
    where = {"file": file, "column": name}
    for way in ways:
        found = [i for i, column in enumerate(columns) if way(column)]
        if len(found) == 1:
            return found[0]
        if found:
            names = [columns[i].name for i in found]
            raise InputError("E105", where, file=file, target=name, names=names)
    near = nearest(name, [column.name for column in columns])
    raise InputError("E104", where, file=file, target=name, near=near)
