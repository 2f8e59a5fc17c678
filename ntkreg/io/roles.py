"""Raw table -> Dataset: which column is the target, which are features, which rows are usable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.candidates import candidate_entries
from ntkreg.io.cells.values import Status
from ntkreg.io.columns.column import MAX_LEVELS, NEARLY_ALL, RawColumn
from ntkreg.io.columns.describe import describe_columns, to_frame
from ntkreg.io.dataset import Column, Dataset, Role
from ntkreg.io.layout.names import find, fold
from ntkreg.io.ledger import Ledger, LedgerEntry, Severity
from ntkreg.io.options import ReadingKeywords
from ntkreg.io.raw import RawTable
from ntkreg.io.sheet_choice import read_sheet_with
from ntkreg.io.target import check_target, target_values
from ntkreg.messages import Sentence

MISSING_GROUP = ""
_SHOWN = 10
_LABEL_COLUMNS = 3
_DROPPED: Mapping[str, str] = {
    "identifier": "W113",
    "text": "W114",
    "date": "W115",
    "constant": "R116",
}


def read_table(
    path: str | Path,
    *,
    target: str,
    group: str | None = None,
    time: str | None = None,
    drop: Iterable[str] = (),
    **reading: Unpack[ReadingKeywords],
) -> Dataset:
    r"""Read a table and give each column its role.

    Parameters
    ----------
    path : str or Path
        Workbook or delimited text file.
    target : str
        Header of the column to predict; differences of width, case and blanks do not matter, and
        the unit in brackets may be left out.
    group, time : str, optional
        Headers of the lot column and of the time column. Neither becomes a feature.
    drop : iterable of str, default=()
        Headers of columns not to use.
    **reading
        Reading options, see :class:`ntkreg.io.options.ReadOptions`: `sheet`, `encoding`,
        `header_row`, `no_header`, `fill_merged`, `keep`, `missing`, `censored`.

    Returns
    -------
    Dataset

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    InputError
        If the file is no usable table, a column is not in it, the target is not numeric or
        constant, or fewer than 10 rows are usable.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "trial.csv"
    >>> rows = "".join(f"{i},{20 + i * i},{i % 3}\n" for i in range(12))
    >>> _ = file.write_text("No,Temp (C),Strength\n" + rows)
    >>> data = read_table(file, target="strength")
    >>> data.X.columns.tolist(), data.n_rows
    (['Temp (C)'], 12)
    """
    raw = read_sheet_with(target, path, **reading)
    roles = _assign_roles(raw, target, group, time, tuple(drop))
    return make_dataset(raw, roles)


def _assign_roles(
    raw: RawTable, target: str, group: str | None, time: str | None, drop: tuple[str, ...]
) -> dict[int, Role]:
    """Roles the user asked for, by column position."""
    asked: list[tuple[str, Role]] = [(target, "target")]
    if group is not None:
        asked.append((group, "group"))
    if time is not None:
        asked.append((time, "time"))
    asked += [(name, "dropped") for name in drop]
    roles: dict[int, Role] = {}
    for name, role in asked:
        _refuse_samples_in_columns(name, raw)
        position = find(name, raw.columns, raw.source.file)
        if roles.get(position, role) != role:
            where = {"file": raw.source.file, "column": name}
            raise InputError(
                "E106", where, column=raw.columns[position].name, roles=[roles[position], role]
            )
        roles[position] = role
    return roles


def _refuse_samples_in_columns(name: str, raw: RawTable) -> None:
    """Say that a table must be transposed where the name asked for heads a row, not a column."""
    wanted = fold(name)
    if any(wanted in fold(column.name) for column in raw.columns):
        return
    for column in raw.columns[:_LABEL_COLUMNS]:
        rows = np.flatnonzero([isinstance(c, str) and fold(c) == wanted for c in column.cells])
        if len(rows) == 1:
            row = int(raw.row_numbers[rows[0]])
            where = {"file": raw.source.file, "column": column.name, "row": row}
            raise InputError("E136", where, file=raw.source.file, target=name, row=row)


def make_dataset(raw: RawTable, roles: Mapping[int, Role]) -> Dataset:
    """Return the dataset of a raw table.

    Parameters
    ----------
    raw : RawTable
        The table.
    roles : mapping of int to str
        Role of columns by position; exactly one is "target". A column not named becomes a feature
        if its kind is numeric or category.
    """
    where = {role: position for position, role in roles.items() if role != "dropped"}
    target = raw.columns[where["target"]]
    y = target_values(target, raw)
    entries: list[LedgerEntry] = _rows_without(target, raw, np.isnan(y), "W112")
    usable = np.isfinite(y)
    seconds = None
    if "time" in where:
        column = raw.columns[where["time"]]
        seconds = _time_values(column, raw)
        entries += _rows_without(column, raw, usable & np.isnan(seconds), "W120")
        usable &= np.isfinite(seconds)
    rows = np.flatnonzero(usable)
    y = y[rows]
    entries += check_target(target, y, raw)
    groups = None
    if "group" in where:
        groups, missing = _group_labels(raw.columns[where["group"]], rows, raw)
        entries += missing
    columns, features = describe_columns(raw.columns, roles, rows)
    entries += _dropped_entries(columns, roles, raw) + candidate_entries(raw, roles)
    if not any(column.role == "feature" for column in columns):
        raise InputError(
            "E127",
            {"file": raw.source.file},
            file=raw.source.file,
            columns=[c.name for c in columns],
        )
    return Dataset(
        source=raw.source,
        columns=columns,
        features=to_frame(features, len(rows)),
        y=y,
        groups=groups,
        time=None if seconds is None else seconds[rows],
        row_numbers=raw.row_numbers[rows],
        ledger=raw.ledger + Ledger(tuple(entries)),
    )


def _time_values(column: RawColumn, raw: RawTable) -> NDArray[np.float64]:
    if column.kind == "date":
        return column.seconds()
    if column.readings.count(Status.NUMBER, Status.TIME) and column.kind in (
        "numeric",
        "identifier",
    ):
        return column.numbers()
    where = {"file": raw.source.file, "column": column.name}
    value = next((label for label in column.labels() if label is not None), "")
    raise InputError("E126", where, column=column.name, value=value)


def _group_labels(
    column: RawColumn, rows: NDArray[np.int64], raw: RawTable
) -> tuple[NDArray[np.str_], list[LedgerEntry]]:
    labels = column.labels()[rows]
    missing = np.array([label is None for label in labels], dtype=bool)
    entries = []
    if missing.any():
        lost = np.zeros(raw.n_rows, dtype=bool)
        lost[rows[missing]] = True
        entries = _rows_without(column, raw, lost, "W121")
    filled = [MISSING_GROUP if label is None else label for label in labels]
    return np.array(filled, dtype=np.str_), entries


def _rows_without(
    column: RawColumn, raw: RawTable, missing: NDArray[np.bool_], code: str
) -> list[LedgerEntry]:
    if not missing.any():
        return []
    rows = [int(row) for row in raw.row_numbers[missing]]
    values = {"column": column.name, "count": len(rows), "rows": rows[:_SHOWN]}
    message = Sentence(code, values)
    return [LedgerEntry("warning", message, raw.source.sheet, rows[0], column.name, len(rows))]


def _dropped_entries(
    columns: Iterable[Column], roles: Mapping[int, Role], raw: RawTable
) -> list[LedgerEntry]:
    return [
        _dropped_entry(column, raw, asked=roles.get(position) == "dropped")
        for position, column in enumerate(columns)
        if column.role == "dropped"
    ]


def _dropped_entry(column: Column, raw: RawTable, *, asked: bool) -> LedgerEntry:
    code = "I103" if asked else _DROPPED[column.kind]
    severities: dict[str, Severity] = {"I": "info", "R": "repair", "W": "warning"}
    values: dict[str, Any] = {"column": column.name}
    if code == "W114":
        labels = next(c for c in raw.columns if c.name == column.name).labels()
        known = [label for label in labels if label is not None]
        values |= {"count": len(set(known)), "rows": len(known)}
        values |= {"limit": MAX_LEVELS, "share": 100 * NEARLY_ALL}
    message = Sentence(code, values)
    return LedgerEntry(severities[code[0]], message, raw.source.sheet, column=column.name)
