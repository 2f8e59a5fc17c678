"""More than one table in a grid? Mixing two would train on neither, so doubt is an error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.marks import words
from ntkreg.io.cells.values import Status
from ntkreg.io.files.grid import Grid, blank_mask, column_letter, is_blank
from ntkreg.io.layout.header import Header
from ntkreg.io.layout.name_rows import status_of
from ntkreg.io.layout.names import fold

_SETTINGS = 2
# numbers that describe the file and not the process; a rotation number is no such number
_FORMAL = words(
    """
    no no. nr # id page ページ 頁 版 rev ver 年 月 日 年度 号 号機 ロット lot 型番 品番 機種
    channel channels ch チャンネル count points rows columns samples number n interval 件 計
    """
)
_FORMAL_ENDS = (
    *("番号", "件数", "データ数", "行数", "列数", "点数", "枚数", "個数", "サンプル数", "試料数"),
    *("チャンネル数", "ページ数", "間隔", "コード"),
)
_FORMAL_PARTS = (
    "sampling",
    "サンプリング",
    "serial",
    "シリアル",
    "version",
    "バージョン",
    "revision",
)
_SHOWN = 3


def refuse_other_tables(
    grid: Grid, header: Header, filled: NDArray[np.int64], file: str, *, asked: bool
) -> None:
    """Raise InputError if a grid holds another table than the one below `header`.

    Parameters
    ----------
    grid : Grid
        All cells.
    header : Header
        Header of the table found.
    filled : ndarray of int
        Rows that hold something.
    file : str
        File name for messages.
    asked : bool
        Whether the user named the header's row, so that what stands above it is of no concern.
    """
    if not asked:
        _refuse_settings(grid, header, filled, file)
    body = filled[filled >= header.body]
    _refuse_second_header(grid, header, body, file)
    _refuse_neighbour(grid, header, body, file)


def _refuse_settings(grid: Grid, header: Header, filled: NDArray[np.int64], file: str) -> None:
    """Rows of a name and its number above the header are conditions that belong to the data.

    Page, serial and sample numbers are not, nor are dates and names: such rows are a preface.
    """
    above = [int(row) for row in filled[filled < header.rows[0]]]
    settings = [row for row in above if _is_setting(grid, row)]
    if len(settings) >= _SETTINGS:
        _raise(grid, file, settings[0], header.rows[0])


def _is_setting(grid: Grid, row: int) -> bool:
    present = [cell for cell in grid.cells[row] if not is_blank(cell)]
    if not 2 <= len(present) <= 3:
        return False
    status = [status_of(cell) for cell in present]
    return status[:2] == [Status.TEXT, Status.NUMBER] and not _is_formal(str(present[0]))


def _is_formal(name: str) -> bool:
    last = fold(name.split()[-1]).rstrip(":")
    whole = fold(name).rstrip(":")
    parts = any(part in whole for part in _FORMAL_PARTS)
    return last in _FORMAL or whole.endswith(_FORMAL_ENDS) or parts


def _refuse_second_header(grid: Grid, header: Header, body: NDArray[np.int64], file: str) -> None:
    """After a blank row or as a copy of the header, a row of words alone begins another table."""
    names = [text for text in header.texts if text]
    gaps = np.flatnonzero(np.diff(body) > 1) + 1
    first = grid.cells[body, _first_named(header)]
    copies = np.flatnonzero(first == names[0])
    for k in sorted({*gaps.tolist(), *copies.tolist()}):
        row, following = int(body[k]), body[k + 1 : k + 4]
        if not len(following) or not _is_words(grid, row):
            continue
        if any(_has_number(grid, int(r)) for r in following):
            _raise(grid, file, header.rows[0], row)


def _first_named(header: Header) -> int:
    return next(j for j, text in enumerate(header.texts) if text)


def _is_words(grid: Grid, row: int) -> bool:
    """Whether a row holds two or more different words and nothing else."""
    present = [cell for cell in grid.cells[row] if not is_blank(cell)]
    words = all(status_of(cell) == Status.TEXT for cell in present)
    return len(present) > 1 and words and len(set(present)) == len(present)


def _has_number(grid: Grid, row: int) -> bool:
    return any(status_of(cell) == Status.NUMBER for cell in grid.cells[row])


def _refuse_neighbour(grid: Grid, header: Header, body: NDArray[np.int64], file: str) -> None:
    """Two blocks of named columns with a blank column between, which end in different rows."""
    used = np.array([bool(text) for text in header.texts])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], used, [False]]).astype(np.int8)))
    blocks = [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a > 1]
    if len(blocks) < 2 or len(body) < 2:
        return
    blank = blank_mask(grid.cells[body])
    # single named columns between the blocks belong to neither
    between = [j for j in range(blocks[0][1], blocks[-1][0]) if not used[j]]
    if not blank[:, between].all():
        return
    heights = [np.flatnonzero(~blank[:, a:b].all(axis=1)) for a, b in blocks]
    ends = [int(rows[-1]) if len(rows) else -1 for rows in heights]
    if max(ends) - min(ends) > 1:
        row = header.rows[0] + 1
        first, second = (f"{column_letter(a)}{row}" for a, _ in blocks[:2])
        where = {"file": file, "sheet": grid.sheet, "row": row}
        raise InputError("E155", where, file=file, first=first, second=second)


def _raise(grid: Grid, file: str, first: int, second: int) -> None:
    text = [str(cell) for cell in grid.cells[second] if not is_blank(cell)][:_SHOWN]
    where = {"file": file, "sheet": grid.sheet, "row": second + 1}
    raise InputError("E150", where, file=file, first=first + 1, second=second + 1, text=text)
