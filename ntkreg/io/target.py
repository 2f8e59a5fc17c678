"""Can this column be predicted? Numeric, at least ten rows, not constant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.values import Status
from ntkreg.io.columns.column import RawColumn
from ntkreg.io.copies import copy_entries
from ntkreg.io.ledger import LedgerEntry
from ntkreg.io.raw import RawTable
from ntkreg.messages import Sentence

MIN_ROWS = 10
FEW_ROWS = 30


def target_values(target: RawColumn, raw: RawTable) -> NDArray[np.float64]:
    """Return the target as numbers with NaN where missing; refuse one that is not numeric."""
    readings = target.readings
    numeric = target.kind == "numeric" or readings.count(Status.NUMBER, Status.TIME) > 0
    if target.kind in ("category", "text", "date") or not numeric:
        odd = readings.rows(Status.TEXT, Status.DATE, Status.CENSORED, Status.BLANK)
        first = int(odd[0]) if len(odd) else 0
        row = int(raw.row_numbers[first])
        where = {"file": raw.source.file, "column": target.name, "row": row}
        raise InputError(
            "E123",
            where,
            column=target.name,
            row=row,
            value=str(target.cells[first]),
            count=len(odd),
        )
    return target.numbers()


def check_target(target: RawColumn, y: NDArray[np.float64], raw: RawTable) -> list[LedgerEntry]:
    """Return what is doubtful about the usable target values; refuse too few or equal ones."""
    where = {"file": raw.source.file, "column": target.name}
    if len(y) < MIN_ROWS:
        raise InputError(
            "E125", where, file=raw.source.file, column=target.name, count=len(y), minimum=MIN_ROWS
        )
    # more than two are as good as three
    distinct = np.unique([y.min(), y.max()])
    if len(distinct) == 2 and ((y != distinct[0]) & (y != distinct[1])).any():
        distinct = np.append(distinct, np.nan)
    if len(distinct) == 1:
        raise InputError("E124", where, column=target.name, value=float(distinct[0]))
    entries = []
    if len(distinct) == 2:
        values = {"column": target.name, "values": [f"{v:g}" for v in distinct]}
        entries.append(
            LedgerEntry("warning", Sentence("W111", values), raw.source.sheet, column=target.name)
        )
    if len(y) < FEW_ROWS:
        message = Sentence("W122", {"count": len(y)})
        entries.append(LedgerEntry("warning", message, raw.source.sheet, count=len(y)))
    usable = [c for c in raw.columns if c is not target and c.kind in ("numeric", "category")]
    if len(usable) > len(y):
        message = Sentence("W166", {"columns": len(usable), "count": len(y)})
        entries.append(LedgerEntry("warning", message, raw.source.sheet, count=len(usable)))
    # rows that other columns made unusable are looked at as well: copies are copies
    return entries + copy_entries(raw, target, np.flatnonzero(np.isfinite(target.numbers())))
