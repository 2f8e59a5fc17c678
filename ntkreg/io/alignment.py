"""Predict time: a new file -> the features of a fitted model, with remarks on each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.units import same_unit, without_unit
from ntkreg.io.cells.values import ABSENT, Status
from ntkreg.io.columns.column import READABLE, RawColumn
from ntkreg.io.columns.describe import Values, to_frame
from ntkreg.io.columns.findings import Finder, missing_entries, numeric_entries
from ntkreg.io.dataset import Column
from ntkreg.io.layout.names import fold, nearest
from ntkreg.io.ledger import Ledger, LedgerEntry
from ntkreg.io.levels import match_levels
from ntkreg.io.raw import RawTable
from ntkreg.messages import Sentence

MANY_OUTSIDE = 0.1
_SHOWN = 5
# a few new rows say nothing about what is a mark and what a value, or a code; training rows did
_OF_TRAINING = ("W118", "W160", "W170")


@dataclass(frozen=True)
class Aligned:
    """New rows under a model's own column names.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        As `Dataset.features`: float64 with NaN, or `object` holding str or None.
    notes : tuple of tuple of Sentence
        For each row what is unusual about it: outside the training range, a level not seen in
        training, a missing input.
    ledger : Ledger
        Repairs and doubts of the new file.
    y : ndarray of shape (n_rows,), or None
        Measured target with NaN where missing, if the file has it.
    row_numbers : ndarray of shape (n_rows,) of int
        Row of the file (from 1) of each row.
    """

    features: pd.DataFrame
    notes: tuple[tuple[Sentence, ...], ...]
    ledger: Ledger
    y: NDArray[np.float64] | None
    row_numbers: NDArray[np.int64]


@dataclass
class _Remarks:
    """Remarks gathered column by column."""

    rows: list[list[Sentence]]
    entries: list[LedgerEntry] = field(default_factory=list)


def align(raw: RawTable, columns: tuple[Column, ...]) -> Aligned:
    """Return the features of a fitted model from a new file.

    Columns are matched by their exact name, then without regard to case, width and blanks, then
    without a unit that is the same or left out; their order and further columns do not matter.
    Each column is read as the kind it had in training.

    Parameters
    ----------
    raw : RawTable
        The new file.
    columns : tuple of Column
        Columns of the training table with their roles.

    Returns
    -------
    Aligned

    Raises
    ------
    InputError
        If a feature column is missing, one column of the file would have to serve as two, or one
        that was numeric now holds mostly text.
    """
    remarks = _Remarks([[] for _ in range(raw.n_rows)])
    features: dict[str, Values] = {}
    used: dict[str, str] = {}
    for column in (c for c in columns if c.role == "feature"):
        found = _match(raw, column, remarks)
        where = {"file": raw.source.file, "column": column.name}
        if found is None:
            near = nearest(column.name, [c.name for c in raw.columns])
            raise InputError("E130", where, file=raw.source.file, column=column.name, near=near)
        if found.name in used:
            facts = {"column": used[found.name], "other": column.name, "found": found.name}
            raise InputError("E160", where, file=raw.source.file, **facts)
        used[found.name] = column.name
        _compare_units(raw, found, column, remarks)
        read = _numbers if column.kind == "numeric" else _labels
        features[column.key] = read(raw, found, column, remarks)
    y = _target(raw, columns, remarks, used)
    _name_extras(raw, columns, used, remarks)
    return Aligned(
        features=to_frame(features, raw.n_rows),
        notes=tuple(tuple(row) for row in remarks.rows),
        ledger=Ledger(_not_of_training(raw.table_entries) + tuple(remarks.entries)),
        y=y,
        row_numbers=raw.row_numbers,
    )


def _match(raw: RawTable, column: Column, remarks: _Remarks) -> RawColumn | None:
    for candidate in raw.columns:
        if candidate.name == column.name:
            return candidate
    folded = [c for c in raw.columns if fold(c.name) == fold(column.name)]
    folded = folded or [c for c in raw.columns if _same_but_for_unit(c, column)]
    if len(folded) != 1:
        return None
    values = {"column": column.name, "found": folded[0].name}
    message = Sentence("W126", values)
    remarks.entries.append(LedgerEntry("warning", message, raw.source.sheet, column=column.name))
    return folded[0]


def _same_but_for_unit(found: RawColumn, column: Column) -> bool:
    """Whether names differ by a unit that is left out or written otherwise, but is no other."""
    same_name = fold(without_unit(found.name)) == fold(without_unit(column.name))
    both = found.unit and column.unit
    return same_name and (not both or same_unit(found.unit or "", column.unit or ""))


def _compare_units(raw: RawTable, found: RawColumn, column: Column, remarks: _Remarks) -> None:
    if column.unit and found.unit and not same_unit(column.unit, found.unit):
        values = {"column": column.name, "unit": column.unit, "found": found.unit}
        message = Sentence("W169", values)
        sheet = raw.source.sheet
        remarks.entries.append(LedgerEntry("warning", message, sheet, column=column.name))


def _not_of_training(entries: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    return tuple(entry for entry in entries if entry.message.code not in _OF_TRAINING)


def _numbers(
    raw: RawTable, found: RawColumn, column: Column, remarks: _Remarks
) -> NDArray[np.float64]:
    readings = found.readings
    unreadable = readings.rows(Status.TEXT, Status.DATE)
    n_present = raw.n_rows - readings.count(*ABSENT)
    readable = readings.count(*READABLE, Status.TIME)
    if len(unreadable) and 2 * readable < n_present:
        row = int(raw.row_numbers[unreadable[0]])
        where = {"file": raw.source.file, "column": column.name, "row": row}
        value = str(found.cells[unreadable[0]])
        raise InputError(
            "E131", where, file=raw.source.file, column=column.name, row=row, value=value
        )
    values = found.numbers()
    finder = Finder(found, raw.row_numbers, raw.source.sheet)
    entries = missing_entries(finder) + numeric_entries(finder)
    remarks.entries += _not_of_training(entries)
    _note_missing(np.isnan(values), column, remarks)
    outside = (values < column.minimum) | (values > column.maximum)
    for i in np.flatnonzero(outside):
        fields = {"value": float(values[i]), "low": column.minimum, "high": column.maximum}
        remarks.rows[i].append(Sentence("I111", {"column": column.name, **fields}))
    if outside.sum() > MANY_OUTSIDE * raw.n_rows:
        fields = {"low": column.minimum, "high": column.maximum}
        remarks.entries.append(finder.entry("warning", "W127", np.flatnonzero(outside), **fields))
    return values


def _labels(
    raw: RawTable, found: RawColumn, column: Column, remarks: _Remarks
) -> NDArray[np.object_]:
    labels = found.labels()
    finder = Finder(found, raw.row_numbers, raw.source.sheet)
    remarks.entries += missing_entries(finder)
    _note_missing(np.array([label is None for label in labels], dtype=bool), column, remarks)
    levels = match_levels(labels, column.levels)
    present = np.array([label is not None for label in labels], dtype=bool)
    matched = np.array([level is not None for level in levels], dtype=bool)
    unseen = np.flatnonzero(present & ~matched)
    for i in unseen:
        values = {"column": column.name, "value": labels[i]}
        remarks.rows[i].append(Sentence("I112", values))
    if len(unseen):
        remarks.entries.append(finder.entry("warning", "W129", unseen))
    respelt = np.flatnonzero(matched & (labels != levels))
    if len(respelt):
        pairs = dict.fromkeys(f"{labels[i]} → {levels[i]}" for i in respelt)
        remarks.entries.append(finder.entry("repair", "R171", respelt, pairs=[*pairs][:_SHOWN]))
    return levels


def _note_missing(missing: NDArray[np.bool_], column: Column, remarks: _Remarks) -> None:
    for i in np.flatnonzero(missing):
        remarks.rows[i].append(Sentence("I113", {"column": column.name}))


def _target(
    raw: RawTable, columns: Sequence[Column], remarks: _Remarks, used: dict[str, str]
) -> NDArray[np.float64] | None:
    target = next((column for column in columns if column.role == "target"), None)
    found = None if target is None else _match(raw, target, remarks)
    if found is None:
        return None
    used[found.name] = found.name
    values = found.numbers()
    return values if np.isfinite(values).any() else None


def _name_extras(
    raw: RawTable, columns: Sequence[Column], used: dict[str, str], remarks: _Remarks
) -> None:
    trained = {fold(column.name) for column in columns}
    extras = [c.name for c in raw.columns if c.name not in used and fold(c.name) not in trained]
    if extras:
        message = Sentence("I104", {"columns": extras, "count": len(extras)})
        remarks.entries.append(LedgerEntry("info", message, raw.source.sheet, count=len(extras)))
