"""Rows below a header that say something about the table or only draw it: rules, notes, ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.values import Status
from ntkreg.io.files.grid import Grid, is_blank, worded
from ntkreg.io.layout.header import Header
from ntkreg.io.layout.name_rows import numeric_columns, status_of, statuses
from ntkreg.io.layout.names import fold

Rows = NDArray[np.int64]

_MARKED_END = re.compile(
    r"[\[(<*-]*(?:eof|end|endoffile|endofdata|dataend|以上|以下余白|余白)[\])>*-]*|\(?\d+rows?(?:affected|selected)?[.)]*"
)
_NOTE = re.compile(
    "[※*＊注†]|備考|注[記意)]|作成|承認|確認|検印|担当|記入|出典|notes?$|notes?:|remarks?|source|comments?",
    re.I,
)
_RULE = re.compile(r"[-=_~─━ー|+: ]{2,}")
_QUANTITIES = (Status.NUMBER, Status.TIME, Status.DATE, Status.CENSORED, Status.INFINITE)
_LAST_ROWS = 5
_SAMPLE = 50


@dataclass(frozen=True)
class Aside:
    """A row that is no sample: the code of its ledger entry, and its label."""

    row: int
    code: str
    label: str


def rules(grid: Grid, header: Header, body: Rows) -> list[Aside]:
    """Lines drawn with characters, and comments between the samples."""
    columns = np.flatnonzero([bool(text) for text in header.texts])[:2]
    found = []
    for row in body[_begins_with(grid, body, columns, "-=_~─━|+#")]:
        present = [cell for cell in grid.cells[row] if not is_blank(cell)]
        texts = [cell.strip() for cell in present if isinstance(cell, str)]
        comment = len(present) == 1 and texts and texts[0].startswith("#") and len(texts[0]) > 1
        ruled = len(texts) == len(present) and all(_RULE.fullmatch(t) for t in texts)
        if comment or (ruled and max(map(len, texts)) > 2 and _all_ruled(header, present)):
            found.append(Aside(int(row), "R157", texts[0]))
    return found


def _all_ruled(header: Header, present: list[object]) -> bool:
    """Whether a line spans the table; a few cells of dashes are values not measured."""
    n_named = sum(bool(text) for text in header.texts)
    return len(present) >= n_named or (len(present) == 1 and len(str(present[0])) > 2 * n_named)


def _begins_with(grid: Grid, body: Rows, columns: Rows, marks: str) -> NDArray[np.bool_]:
    hits = np.zeros(len(body), dtype=bool)
    for j in {0, *columns.tolist()}:
        cells = grid.cells[body, j]
        some = worded(cells)
        begun = [isinstance(c, str) and c.lstrip()[:1] in marks and bool(c.strip())
                 for c in cells[some]]  # fmt: skip
        hits[some] |= np.array(begun, dtype=bool)
    return hits


def words_first(grid: Grid, header: Header, body: Rows) -> list[Aside]:
    """Recognise a first row of nothing but words above dates and numbers: the rest of the names."""
    below = grid.cells[body[1:_SAMPLE]]
    if len(below) < _LAST_ROWS or len(header.texts) != below.shape[1]:
        return []
    status = statuses(grid.cells[body[:1]])[0]
    texts = status == Status.TEXT
    rest = np.isin(status[~texts], (Status.TEXT, Status.BLANK)).all()
    if texts.sum() < 2 or not rest or not numeric_columns(statuses(below))[texts].all():
        return []
    label = next(str(cell) for cell in grid.cells[body[0]] if not is_blank(cell))
    return [Aside(int(body[0]), "R156", label.strip())]


def ends(grid: Grid, header: Header, body: Rows) -> list[Aside]:
    """Lone marks of the end of a file: [EOF], 以上, (24 rows affected)."""
    found: list[Aside] = []
    for row in body[::-1][:_LAST_ROWS]:
        present = [cell for cell in grid.cells[row] if not is_blank(cell)]
        lone = len(present) == 1 and sum(bool(text) for text in header.texts) > 1
        if not lone or not isinstance(present[0], str):
            break
        if _MARKED_END.fullmatch(fold(present[0])):
            found.append(Aside(int(row), "R156", present[0].strip()))
        elif not _NOTE.match(present[0].strip()):
            break
    return found


def notes(grid: Grid, header: Header, body: Rows) -> list[Aside]:
    """Words alone below a gap, or after a word for a note, while the samples hold numbers."""
    end = len(body)
    while end > 0 and not _has_quantity(grid, int(body[end - 1])):
        end -= 1
    n_named = sum(bool(text) for text in header.texts)
    tail = body[end:]
    if not end or n_named < 3 or not len(tail):
        return []
    found: list[Aside] = []
    after = int(body[end - 1])
    below_gap = False
    for row in tail:
        present = [cell for cell in grid.cells[row] if not is_blank(cell)]
        below_gap |= int(row) > after + 1 and not found
        note = isinstance(present[0], str) and _NOTE.match(present[0].strip())
        if 2 * len(present) <= n_named and (below_gap or note or found):
            found.append(Aside(int(row), "R156", str(present[0]).strip()))
        elif found or below_gap:
            return []
        after = int(row)
    return found


def _has_quantity(grid: Grid, row: int) -> bool:
    return any(status_of(cell) in _QUANTITIES for cell in grid.cells[row])
