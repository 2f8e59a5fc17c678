"""Columns that nobody named, but that look like a lot, a machine or a point in time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import numpy as np

from ntkreg.io.cells.units import without_unit
from ntkreg.io.columns.column import RawColumn
from ntkreg.io.dataset import Role
from ntkreg.io.layout.names import tidy
from ntkreg.io.ledger import LedgerEntry
from ntkreg.io.raw import RawTable
from ntkreg.messages import Sentence

_SHOWN = 3
_GROUP_NAME = re.compile(
    r".*(?:ロット|バッチ|チャージ|釜|炉|金型|型番|号機|機番|装置|設備|ライン|製番|作業者|測定者|担当|被験者|患者|"
    r"コイル|ロール|インゴット|ウェハ|ウエハ|ﾛｯﾄ).*"
    r"|(?:.*[^a-z])?(?:lot|batch|charge|furnace|heat|mold|mould|die|machine|line|operator|wafer|"
    r"cassette|subject|patient|site|station|coil|ingot|reel)(?:[^a-z]*(?:no|id|name|number|nr))?[^a-z]*"
)
# "炉温" and "line speed" are quantities of a furnace and of a line
_QUANTITY = re.compile(r".*(?:温|圧|速|量|率|時間|長|幅|厚|数|電流|電力|位置)")
_TIME_NAME = re.compile(
    r".*(?:日付|日時|年月日|測定日|製造日|時刻|年月).*|(?:.*[^a-z])?(?:date|datetime|timestamp|day)"
)
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z])")
# days as Excel counts them from 1900 or 1904, seconds and milliseconds from 1970, 20240105
_STORED = ((16_800, 62_500), (6.3e8, 3.2e9), (6.3e11, 3.2e12), (19_500_101, 20_701_231))
_MAX_PER_ROW = 0.5


def candidate_entries(raw: RawTable, roles: Mapping[int, Role]) -> list[LedgerEntry]:
    """Propose columns for the options --group and --time that were not given.

    A column is proposed as a group when its name is that of a lot or a machine and its values
    repeat (at most half as many different ones as rows), and as time when its name is that of a
    date and its numbers are what a spreadsheet program or a computer stores for one.

    Parameters
    ----------
    raw : RawTable
        The table.
    roles : mapping of int to str
        Roles asked for, by position among the columns.
    """
    given = set(roles.values())
    entries = []
    for position, column in enumerate(raw.columns):
        if position in roles:
            continue
        if "group" not in given and looks_like_group(column):
            entries.append(_entry("W167", column, raw))
        elif "time" not in given and looks_like_serial_date(column):
            entries.append(_entry("W168", column, raw))
    return entries


def looks_like_group(column: RawColumn) -> bool:
    """Return whether a column looks like the lot or the machine of each row."""
    name = _folded(column.original)
    if not _GROUP_NAME.fullmatch(name) or _QUANTITY.match(name) or column.unit is not None:
        return False
    if column.kind not in ("numeric", "category", "text"):
        return False
    if column.kind == "numeric":
        values = column.numbers()
        known = values[np.isfinite(values)]
        if np.any(known != np.round(known)) or np.any(known < 0):
            return False
    levels = column.coded[1]
    return 1 < len(levels) <= _MAX_PER_ROW * len(column.cells)


def looks_like_serial_date(column: RawColumn) -> bool:
    """Return whether a numeric column holds what programs store for dates, under such a name."""
    if column.kind != "numeric" or not _TIME_NAME.fullmatch(_folded(column.original)):
        return False
    values = column.numbers()
    known = values[np.isfinite(values)]
    return any(bool(((known >= low) & (known <= high)).all()) for low, high in _STORED)


def _folded(header: str) -> str:
    narrow = unicodedata.normalize("NFKC", without_unit(tidy(header)))
    return _CAMEL.sub(" ", narrow).casefold().strip()


def _entry(code: str, column: RawColumn, raw: RawTable) -> LedgerEntry:
    levels = column.coded[1]
    values = {"column": column.name, "count": len(levels), "values": list(levels[:_SHOWN])}
    message = Sentence(code, values)
    return LedgerEntry("warning", message, raw.source.sheet, None, column.name, len(column.cells))
