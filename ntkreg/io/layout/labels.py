"""Words in the first cell of a row that make it a total, a statistic or a limit."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.files.grid import Grid, blank_mask, worded
from ntkreg.io.layout.names import fold, tidy

Rows = NDArray[np.int64]

_SUM = "(?:総合|総|小|中|累|集|合|日|月|年|週)?計|(?:sub|grand)?-?totals?|sum|summe|somme|gesamt"
_MEAN = "(?:全体|総|加重)?平均値?|averages?|avg[.]?|ave[.]?|mean|x-?bar|x̄|mittelwert|moyenne"
_END = "最大値?|最小値?|max(?:imum)?[.]?|min(?:imum)?[.]?"
_OTHER = (
    "標準偏差|分散|[36]?σ|s[.]?d[.]?|st(?:d|andard)?[.]?dev(?:iation)?[.]?|std[.]?|variance|変動係数|cv%?|"
    "中央値|median|件数|個数|count|データ数|ecart-?type|écart-?type"
)
_LIMIT = (
    "規格(?:値|上限|下限|中心|幅)?値?|(?:上限|下限)規格値?|管理(?:値|上限|下限)値?|(?:レンジ|測定|設定|警報|許容)(?:上限|下限)値?|公差|[ul][sc]l|"
    "spec(?:ification)?s?[.]?|tolerance|(?:upper|lower)(?:spec)?limit"
)
# these also name samples and are believed only next to one that is certain
_BESIDE = (
    "r|n|cpk?|ppk?|k|範囲|レンジ|range|rsd%?|工程能力(?:指数)?|上限値?|下限値?|目標値?|中心値?|判定"
)
CERTAIN = re.compile(f"{_SUM}|{_MEAN}|{_END}|{_OTHER}|{_LIMIT}")
_SUFFIX = re.compile(f".+?(?:{_SUM}|{_MEAN})|.+?(?:{_END})")
WEAK = re.compile(_BESIDE)
_TRIM = " :：【】[]［］()（）<>＜＞■●◆▲・*"
_LABEL_COLUMNS = 8


def labels_of(grid: Grid, body: Rows) -> tuple[dict[int, tuple[str, str]], set[int]]:
    """Find the rows whose first cells hold the word for a summary.

    Returns
    -------
    labels : dict of int to (str, str)
        The word as written and folded, by position in `body`.
    inner : set of int
        Positions where the word is not the first cell of the row.
    """
    labels: dict[int, tuple[str, str]] = {}
    inner: set[int] = set()
    known: dict[str, str | None] = {}
    begun = np.zeros(len(body), dtype=bool)
    n_used = 0
    for j in range(grid.cells.shape[1]):
        cells = grid.cells[body, j]
        present = ~blank_mask(cells)
        for k in worded(cells):
            cell = cells[k]
            if not isinstance(cell, str) or cell[-1:].isdecimal() or k in labels:
                continue
            if cell not in known:
                known[cell] = label_text(cell)
            text = known[cell]
            if text is not None:
                labels[int(k)] = (tidy(cell), text)
                inner |= {int(k)} if begun[k] else set()
        begun |= present
        n_used += bool(present.any())
        if n_used == _LABEL_COLUMNS:
            break
    return labels, inner


def label_text(cell: str) -> str | None:
    """Return the folded text of a cell that may name a summary; None for any other."""
    text = fold(cell).strip(_TRIM)
    return text if any(way.fullmatch(text) for way in (CERTAIN, WEAK, _SUFFIX)) else None


def at_edges(labels: dict[int, tuple[str, str]], n_rows: int) -> set[int]:
    """Positions in a row of labels that begins at the header or ends at the last row."""
    edge = set()
    for order in (range(n_rows), range(n_rows - 1, -1, -1)):
        for k in order:
            if k not in labels:
                break
            edge.add(k)
    return edge


def kind_of_label(text: str) -> str:
    """Return what a label promises: a "sum", a "mean", an "end" (extreme) or nothing certain."""
    for kind, words in (("sum", _SUM), ("mean", _MEAN), ("end", _END)):
        if re.fullmatch(f".*(?:{words})", text):
            return kind
    return ""
