"""Levels of a new file -> levels of training, with regard to how either file writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.values import parse_number
from ntkreg.io.layout.names import fold


def match_levels(labels: NDArray[np.object_], levels: Sequence[str]) -> NDArray[np.object_]:
    """Return the training level that each label means, None where there is none.

    A label means the level of its own spelling, else the only one from which it differs by case,
    width or blanks, else the only one that is the same number.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,) of object
        Texts of the new file, None where missing.
    levels : sequence of str
        Levels of training.

    Examples
    --------
    >>> match_levels(np.array(["Ａ", "2.0", "ok", None], dtype=object), ["A", "2", "OK", "Ok"])
    array(['A', '2', None, None], dtype=object)
    """
    exact = {level: level for level in levels}
    folded, numbers = _only(fold, levels), _only(_spelling, levels)

    def meant(label: str) -> str | None:
        return exact.get(label) or folded.get(fold(label)) or numbers.get(_spelling(label))

    known = {label: meant(label) for label in {*labels} - {None}}
    return np.array([known.get(label) for label in labels], dtype=object)


def _only(key: Callable[[str], str], levels: Sequence[str]) -> dict[str, str]:
    """Levels by their key; none where several share it: which of them is meant, nobody knows."""
    found: dict[str, list[str]] = {}
    for level in levels:
        found.setdefault(key(level), []).append(level)
    return {shared: group[0] for shared, group in found.items() if len(group) == 1}


def _spelling(label: str) -> str:
    """Level as a workbook would give it: the text 1.0 is its number 1, but 001 is a code."""
    narrow = fold(label)
    number = None if narrow[:1] == "0" and narrow[1:2].isdigit() else parse_number(narrow)[0]
    return narrow if number is None else f"{number:.15g}"
