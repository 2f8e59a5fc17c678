"""Section: what was read."""

from __future__ import annotations

import math
from typing import Any

from ntkreg.io.dataset import Column
from ntkreg.io.ledger import LedgerEntry
from ntkreg.reporting.sections import table
from ntkreg.reporting.text import DASH, fixed, number, plain, word
from ntkreg.reporting.view import View

MAX_LEDGER_ROWS = 200


def data(view: View) -> dict[str, Any]:
    """Return what was read: the file, its columns, how they are spread, leaks and the ledger."""
    content = view.content
    entries = content.dataset.ledger.entries
    order = {"warning": 0, "repair": 1, "info": 2}
    shown = sorted(entries, key=lambda entry: order[entry.severity])[:MAX_LEDGER_ROWS]
    return {
        "source": _source(view),
        "columns": [_column(view, column) for column in content.dataset.columns],
        "spread": table.distributions(view),
        "gaps": table.gaps(view),
        "together": table.together(view),
        "leaks": [
            {
                "column": plain(leak.column),
                "strength": fixed(leak.strength, 2),
                "text": view.say(leak.message),
                "hint": view.hint(leak.message),
            }
            for leak in content.leaks
        ],
        "ledger": [_entry(view, entry) for entry in shown],
        "ledger_more": len(entries) - len(shown),
    }


def _source(view: View) -> list[tuple[str, str]]:
    t, dataset = view.t["data"], view.content.dataset
    source = dataset.source
    delimiter = t["tab"] if source.delimiter == "\t" else source.delimiter
    rows = (
        (t["file"], source.file),
        (t["kind"], source.kind),
        (t["sheet"], source.sheet),
        (t["encoding"], source.encoding),
        (t["delimiter"], delimiter),
        (t["header"], ", ".join(str(row) for row in source.header_rows)),
        (t["first_cell"], source.first_cell),
        (t["rows"], f"{dataset.n_rows:,}"),
        (t["hash"], source.sha256),
    )
    return [(name, plain(value)) for name, value in rows if value]


def _column(view: View, column: Column) -> dict[str, Any]:
    t = view.t
    return {
        "name": plain(column.name),
        "unit": plain(column.unit or ""),
        "kind": word(t["kinds"], column.kind),
        "role": word(t["roles"], column.role),
        "role_code": column.role,
        "missing": f"{column.n_missing:,}" if column.n_missing else "0",
        "range": _range(view, column),
    }


def _range(view: View, column: Column) -> str:
    if column.levels:
        separator = "、" if view.language == "ja" else ", "
        levels = separator.join(plain(level) for level in column.levels[:20])
        return str(view.t["data"]["levels"].format(count=len(column.levels), levels=levels))
    values = (column.minimum, column.median, column.maximum)
    if any(math.isnan(value) for value in values):
        return DASH
    separator = " ～ " if view.language == "ja" else " – "
    return separator.join(number(value) for value in values)


def _entry(view: View, entry: LedgerEntry) -> dict[str, Any]:
    t = view.t["data"]
    row = t["place_row"].format(row=entry.row) if entry.row is not None else None
    places = [plain(place) for place in (entry.sheet, row, entry.column) if place]
    old, new = plain(entry.old), plain(entry.new)
    return {
        "severity": word(view.t["severity"], entry.severity),
        "code": entry.severity,
        "where": " / ".join(places),
        "text": view.say(entry.message),
        "hint": view.hint(entry.message),
        "count": f"{entry.count:,}",
        "change": f"{old} → {new}" if old and new else old or new,
    }
