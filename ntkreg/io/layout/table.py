"""Grid -> one table: header, units, data rows; titles above and totals below are cut."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.marks import words
from ntkreg.io.files.grid import Cells, Grid, blank_mask, column_letter, is_blank
from ntkreg.io.layout.blocks import refuse_other_tables
from ntkreg.io.layout.header import Header, find_header
from ntkreg.io.layout.misfits import refuse_misfits
from ntkreg.io.layout.names import SEPARATOR, fold
from ntkreg.io.layout.summaries import leave_out
from ntkreg.io.layout.wishes import Wishes, fill_merged, range_names, with_marks, without_header
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

_TOTALS = words(
    """
    合計 総計 小計 計 平均 平均値 標準偏差 最大 最小 最大値 最小値 中央値 分散 件数 個数
    total totals grandtotal subtotal sum average avg avg. mean std stdev std.dev. s.d. sd
    max min maximum minimum median count variance cv σ n
    """
)
_FOOTNOTE = re.compile(r"[※*＊注†]|note|備考[:：]|source|出典|\(注", re.IGNORECASE)
_SHOWN = 5
_LONG_TEXT = 20
_FIRST = 100


@dataclass(frozen=True)
class Layout:
    """The table found in a grid.

    Parameters
    ----------
    header : Header
        Header rows and what they say for each column of the grid.
    columns, rows : ndarray of int
        Columns and data rows of the table, as positions in the grid.
    entries : tuple of LedgerEntry
        What was skipped, joined and cut.
    """

    header: Header
    columns: NDArray[np.int64]
    rows: NDArray[np.int64]
    entries: tuple[LedgerEntry, ...]

    @property
    def first_cell(self) -> str:
        """Address of the first header cell."""
        row = self.header.rows[0] if self.header.rows else self.header.first
        return f"{column_letter(int(self.columns[0]))}{row + 1}"


def find_table(grid: Grid, file: str, wishes: Wishes | None = None) -> tuple[Grid, Layout]:
    """Return the grid, its merged cells filled if the user wishes so, and the table in it.

    Raises
    ------
    InputError
        If there is no header, no data row, a line with more fields than the header, or more than
        one table.
    """
    wishes = wishes or Wishes()
    if wishes.no_header and wishes.header_row is not None:
        raise InputError("E152", {"file": file}, row=wishes.header_row)
    filled = np.flatnonzero(~blank_mask(grid.cells).all(axis=1))
    head = with_marks(grid, filled, wishes)
    if wishes.no_header:
        header = without_header(grid, file)
    else:
        header = find_header(head, file, wishes.header_row)
    if header.rows:
        grid, filled = leave_out(grid, header, filled, head)
        refuse_misfits(grid, header, filled, file)
        asked = wishes.header_row is not None
        refuse_other_tables(grid, header, filled, file, asked=asked)
    if wishes.fill_merged:
        grid = fill_merged(grid, header.body)
    return grid, _lay_out(grid, header, filled, file)


def _lay_out(grid: Grid, header: Header, filled: NDArray[np.int64], file: str) -> Layout:
    blank = blank_mask(grid.cells)
    rows, cut = _without_footer(grid.cells, filled[filled >= header.body])
    if not len(rows):
        raise InputError("E122", {"file": file, "sheet": grid.sheet}, file=file)
    named = np.array([bool(text) for text in header.texts])
    columns = np.flatnonzero(named | _used(blank, rows))
    _check_width(grid, header, blank, rows, file)
    layout = Layout(header, columns, rows, ())
    entries = (
        *_entries_above(grid, header, filled),
        *_entries_inside(grid, layout, blank),
        *(_cut_entry(grid, row) for row in cut),
    )
    return Layout(header, columns, rows, entries)


def _used(blank: NDArray[np.bool_], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Columns in which some row is not blank: mostly the first ones show it."""
    used = np.asarray(~blank[rows[:_FIRST]].all(axis=0))
    for j in np.flatnonzero(~used):
        used[j] = not blank[rows, j].all()
    return used


def _check_width(
    grid: Grid,
    header: Header,
    blank: NDArray[np.bool_],
    rows: NDArray[np.int64],
    file: str,
) -> None:
    """Refuse a text file in which a few lines have more fields than the header.

    Many such lines are a column without a name instead.
    """
    last = max(j for j, text in enumerate(header.texts) if text)
    beyond = rows[~blank[rows, last + 1 :].all(axis=1)]
    if grid.kind == "csv" and 0 < len(beyond) <= max(1, 0.05 * len(rows)) and len(rows) > 1:
        row = int(beyond[0])
        extra = next(str(c) for c in grid.cells[row, last + 1 :] if not is_blank(c))
        where = {"file": file, "row": row + 1}
        facts = {"n_header": last + 1, "header": _names_row(header), "value": extra}
        raise InputError("E134", where, file=file, row=row + 1, **facts)


def _names_row(header: Header) -> int:
    """Row of the names as a reader counts it; the first row where there are none."""
    return (header.rows[-1] if header.rows else header.first) + 1


def _without_footer(cells: Cells, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[int]]:
    """Divide data rows from totals and notes at the end."""
    end = len(rows)
    while end > 0 and (
        _is_total(cells[rows[:end]]) or _is_note(cells[rows[max(end - 12, 0) : end]])
    ):
        end -= 1
    return rows[:end], [int(row) for row in rows[end:]]


def _is_total(rows: Cells) -> bool:
    """Whether the last row begins with a word for a total that no other row of that column has."""
    position = next(j for j, cell in enumerate(rows[-1]) if not is_blank(cell))
    label = rows[-1, position]
    if not isinstance(label, str) or fold(label).rstrip(":：") not in _TOTALS:
        return False
    return not bool((rows[:-1, position] == label).any())


def _is_note(rows: Cells) -> bool:
    """Whether the last row is one lone text below rows that hold more."""
    present = [cell for cell in rows[-1] if not is_blank(cell)]
    if len(present) != 1 or not isinstance(present[0], str):
        return False
    text = unicodedata.normalize("NFKC", present[0])
    usual = [sum(not is_blank(cell) for cell in row) for row in rows[:-1]]
    wide = bool(usual) and float(np.median(usual)) >= 3
    # a short lone text may be the name of a sample that was never measured
    return wide and (_FOOTNOTE.match(text) is not None or len(text) > _LONG_TEXT)


def _entries_above(grid: Grid, header: Header, filled: NDArray[np.int64]) -> list[LedgerEntry]:
    if not header.rows:
        names = [text for text in header.texts if text]
        message = Sentence("R150", {"first": names[0], "last": names[-1]})
        return [LedgerEntry("repair", message, grid.sheet, header.first + 1, count=len(names))]
    entries = []
    above = filled[filled < header.rows[0]]
    if len(above):
        shown = [_shown(grid, row) for row in above[:_SHOWN]]
        first = next(str(cell) for cell in grid.cells[above[0]] if not is_blank(cell))
        values = {"rows": _numbers(above), "header": header.rows[0] + 1, "text": first}
        message, row, old = Sentence("R101", values), int(above[0]) + 1, "; ".join(shown)
        entries.append(LedgerEntry("repair", message, grid.sheet, row, None, len(above), old))
    if len(header.rows) > 1:
        # where the rows never name the same column, no name is joined
        names = sorted(filter(None, header.texts), key=lambda text: SEPARATOR not in text)
        example = names[0]
        message = Sentence("R102", {"rows": _numbers(header.rows), "example": example})
        row = header.rows[0] + 1
        entries.append(LedgerEntry("repair", message, grid.sheet, row, count=len(header.rows)))
    if header.unit_row is not None:
        units = [unit for unit in header.units if unit]
        message = Sentence("R103", {"row": header.unit_row + 1, "units": units[:_SHOWN]})
        entries.append(LedgerEntry("repair", message, grid.sheet, header.unit_row + 1))
    return entries


def _entries_inside(grid: Grid, layout: Layout, blank: NDArray[np.bool_]) -> list[LedgerEntry]:
    entries = []
    first, last = int(layout.rows[0]), int(layout.rows[-1])
    n_blank = int(blank[first:last].all(axis=1).sum())
    if n_blank:
        row = first + int(np.flatnonzero(blank[first:last].all(axis=1))[0])
        message = Sentence("R105", {"count": n_blank})
        entries.append(LedgerEntry("repair", message, grid.sheet, row + 1, count=n_blank))
    merged = [r for r in grid.merged if r[2] >= first and r[0] <= last]
    if merged:
        message = Sentence("W119", {"count": len(merged), "ranges": range_names(merged)})
        entries.append(
            LedgerEntry("warning", message, grid.sheet, merged[0][0] + 1, count=len(merged))
        )
    if grid.lengths is not None:
        entries.extend(_short_rows(grid, layout))
    return entries


def _short_rows(grid: Grid, layout: Layout) -> list[LedgerEntry]:
    assert grid.lengths is not None
    head = layout.header.rows
    expected = int(grid.lengths[head[-1]] if head else np.median(grid.lengths[layout.rows]))
    short = layout.rows[grid.lengths[layout.rows] < expected]
    if not len(short):
        return []
    row = int(short[0]) + 1
    message = Sentence("W117", {"count": len(short), "row": row, "expected": expected})
    return [LedgerEntry("warning", message, row=row, count=len(short))]


def _shown(grid: Grid, row: int) -> str:
    present = [str(cell) for cell in grid.cells[row] if not is_blank(cell)]
    return ", ".join(present[:_SHOWN])


def _cut_entry(grid: Grid, row: int) -> LedgerEntry:
    present = [str(cell) for cell in grid.cells[row] if not is_blank(cell)][:_SHOWN]
    message = Sentence("R104", {"row": row + 1, "values": present})
    return LedgerEntry("repair", message, grid.sheet, row + 1, old=", ".join(present))


def _numbers(rows: NDArray[np.int64] | tuple[int, ...]) -> str:
    """Rows as a reader counts them: "3" or "1-4"."""
    first, last = int(rows[0]) + 1, int(rows[-1]) + 1
    return str(first) if first == last else f"{first}-{last}"
