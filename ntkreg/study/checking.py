"""What was read and why: one document, without training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from ntkreg.inspection import audit_leaks
from ntkreg.inspection.results import LeakSuspect
from ntkreg.io import ReadingKeywords, read_raw, read_sheet_with, read_table
from ntkreg.io.ledger import Ledger, LedgerEntry
from ntkreg.messages import Language

CHECK_SCHEMA_VERSION = 1


def check_table(
    path: str | Path,
    target: str | None = None,
    *,
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    language: Language = "en",
    **reading: Unpack[ReadingKeywords],
) -> dict[str, Any]:
    """Describe how a file is read; with a target also the roles and the leak audit.

    Parameters
    ----------
    path : str or Path
        The table.
    target : str, optional
        Column to predict. Without it no column has a role.
    group, time, drop
        As in :func:`ntkreg.io.read_table`; they only count with a target.
    language : {"en", "ja"}, default="en"
        Language of the messages.
    **reading
        Reading options, see :class:`ntkreg.io.options.ReadOptions`.

    Returns
    -------
    dict
        ``schema_version, file, kind, encoding, delimiter, sheet, header_rows, first_cell, n_rows,
        n_columns, columns, repairs, warnings, notes``; plain JSON values.

    Raises
    ------
    InputError, FileAccessError
        As reading raises them.
    """
    raw = read_raw(path, **reading) if target is None else read_sheet_with(target, path, **reading)
    ledger = raw.ledger
    leaks: tuple[LeakSuspect, ...] = ()
    columns: list[dict[str, Any]] = [_describe(column, None) for column in raw.columns]
    if target is not None:
        dataset = read_table(path, target=target, group=group, time=time, drop=drop, **reading)
        ledger, leaks = dataset.ledger, audit_leaks(dataset)
        columns = [_describe(column, column.role) for column in dataset.columns]
    source = raw.source
    return {
        "schema_version": CHECK_SCHEMA_VERSION,
        "file": source.file,
        "kind": source.kind,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "sheet": source.sheet,
        "header_rows": list(source.header_rows),
        "first_cell": source.first_cell,
        "n_rows": raw.n_rows,
        "n_columns": len(columns),
        "columns": columns,
        "repairs": _entries(ledger, "repair", language),
        "warnings": _entries(ledger, "warning", language) + [_leak(s, language) for s in leaks],
        "notes": _entries(ledger, "info", language),
    }


def _describe(column: Any, role: str | None) -> dict[str, Any]:
    names = ("name", "original", "unit", "kind", "n_missing")
    return {name: getattr(column, name) for name in names} | {"role": role}


def _entries(ledger: Ledger, severity: Any, language: Language) -> list[dict[str, Any]]:
    return [_entry(entry, language) for entry in ledger.of(severity)]


def _entry(entry: LedgerEntry, language: Language) -> dict[str, Any]:
    where = {"sheet": entry.sheet, "row": entry.row, "column": entry.column}
    return {
        "code": entry.message.code,
        "where": {name: value for name, value in where.items() if value is not None},
        "count": entry.count,
        "message": entry.message.text(language),
        "hint": entry.message.hint(language),
        "old": entry.old,
        "new": entry.new,
    }


def _leak(suspect: LeakSuspect, language: Language) -> dict[str, Any]:
    return {
        "code": suspect.message.code,
        "where": {"column": suspect.column},
        "count": 1,
        "message": suspect.message.text(language),
        "hint": suspect.message.hint(language),
        "strength": suspect.strength,
    }
