"""Expectations made from what a knowledge file says, whatever its form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import inf
from typing import Any, get_args

from ntkreg.exceptions import InputError
from ntkreg.inspection.results import Effect, Expectation
from ntkreg.io.dataset import Column, Dataset

EFFECTS: tuple[Effect, ...] = get_args(Effect)


def make_expectation(
    wanted: str,
    effect: Effect,
    limits: tuple[float | None, float | None],
    reason: str,
    dataset: Dataset,
    place: Mapping[str, Any],
    file: str,
) -> Expectation:
    """Return an expectation with the name of the column that is meant.

    Parameters
    ----------
    wanted : str
        Column as written; width, case, blanks and the unit in brackets do not matter.
    effect : {"increasing", "decreasing", "peak", "valley", "none"}
        What is expected.
    limits : tuple of (float or None)
        Range.
    reason : str
        Why.
    dataset : Dataset
        Table whose columns are meant.
    place : mapping
        Where it is written, for the error.
    file : str
        The same in words.

    Raises
    ------
    InputError
        If no column is meant, or the target, or the range is none.
    """
    column = _find(wanted, place, file, dataset)
    found = Expectation(column.name, effect, reason, *limits)
    _check_range(found, column, place, file)
    return found


def refuse_overlap(
    new: Expectation,
    known: Sequence[Expectation],
    place: Mapping[str, Any],
    file: str,
) -> None:
    """Raise an InputError when a part of a column has an expectation already."""
    if any(_overlap(new, other) for other in known):
        raise InputError(
            "E408", {**place, "column": new.column},
            file=file, number=len(known) + 1, column=new.column,
        )  # fmt: skip


def _check_range(
    expectation: Expectation, column: Column, where: Mapping[str, Any], file: str
) -> None:
    """Raise an InputError when the range is empty or the column has no numbers to compare."""
    place = {**where, "column": expectation.column}
    facts = {"file": file, "column": expectation.column, "range": expectation.range_text}
    if expectation.has_range and column.kind != "numeric":
        raise InputError("E412", place, **facts)
    low, high = expectation.low, expectation.high
    if low is not None and high is not None and low >= high:
        raise InputError("E413", place, **facts, low=f"{low:g}", high=f"{high:g}")


def _overlap(first: Expectation, second: Expectation) -> bool:
    """Whether two expectations are about the same part of one column."""
    if first.column != second.column:
        return False
    low = max(-inf if e.low is None else e.low for e in (first, second))
    high = min(inf if e.high is None else e.high for e in (first, second))
    # ranges may meet at one value: rising up to 80, falling from 80
    return low < high


def _find(wanted: str, place: Mapping[str, Any], file: str, dataset: Dataset) -> Column:
    """Return the column that is meant, by the least tolerant comparison that finds exactly one."""
    for same in (str.strip, fold, lambda name: fold(_without_unit(name))):
        found = [
            column
            for column in dataset.columns
            if same(wanted) in (same(column.name), same(column.original))
        ]
        if len(found) == 1:
            break
    else:
        raise InputError(
            "E406", {**place, "column": wanted},
            file=file, column=wanted, near=_nearest(wanted, dataset),
        )  # fmt: skip
    if found[0].role == "target":
        raise InputError("E410", {**place, "column": wanted}, file=file, column=wanted)
    return found[0]


def _nearest(wanted: str, dataset: Dataset) -> list[str]:
    names = {fold(c.name): c.name for c in dataset.columns if c.role != "target"}
    near = get_close_matches(fold(wanted), names, n=3, cutoff=0.4)
    return [names[name] for name in near] or list(names.values())[:5]


def fold(name: str) -> str:
    """Return a text without differences of width, case and blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


def _without_unit(name: str) -> str:
    return re.sub(r"\s*[\[(][^\[\]()]*[\])]\s*$", "", unicodedata.normalize("NFKC", name))
