"""Rows between the samples that are none: totals, averages, limits, repeated names, rules, notes.

A label alone is not believed where it could name a sample: between samples, a total must be the
total of the rows above it, an average their average. Directly below the names and at the end a
word for a total or a limit that stands there once is enough.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.values import Status, read_cell
from ntkreg.io.files.grid import Grid, is_blank
from ntkreg.io.layout.arithmetic import Block, is_grand_total, summarises
from ntkreg.io.layout.asides import Aside, ends, notes, rules, words_first
from ntkreg.io.layout.header import Header
from ntkreg.io.layout.labels import CERTAIN, WEAK, at_edges, kind_of_label, label_text, labels_of
from ntkreg.io.layout.names import fold, tidy
from ntkreg.io.ledger import LedgerEntry, Severity
from ntkreg.messages import Sentence

Rows = NDArray[np.int64]

_PIVOT = frozenset({"行ラベル", "rowlabels"})
_SHOWN = 5
_MANY_ROWS = 50_000
_EDGE = 200
_MOST_UNNAMED = 200


def leave_out(grid: Grid, header: Header, filled: Rows, head: Grid) -> tuple[Grid, Rows]:
    """Return the rows of a grid without those below the header that are no samples.

    Parameters
    ----------
    grid : Grid
        All cells.
    header : Header
        Header of the table.
    filled : ndarray of int
        Rows that hold something.
    head : Grid
        Its first rows, with the marks that the user names.

    Returns
    -------
    grid : Grid
        With a ledger entry for each row left out or in doubt.
    filled : ndarray of int
        The other rows.
    """
    body = filled[filled >= header.body]
    found = _repeated_names(grid, header, body)
    many = len(body) > _MANY_ROWS
    if many:
        # no one writes totals into a table of this length but at its ends
        body = np.concatenate([body[:_EDGE], body[-_EDGE:]])
    finders = [rules, words_first, ends, _summaries, notes]
    for find in finders if many else [*finders, _bare_totals]:
        found += find(head if find is words_first else grid, header, body)
        body = body[~np.isin(body, _left_out(found))]
    if not len(body):
        return grid, filled
    entries = [_entry(grid, f, int(body[-1])) for f in sorted(found, key=lambda f: f.row)]
    grid = replace(grid, entries=(*grid.entries, *entries, *_pivot_entries(grid, header)))
    return grid, filled[~np.isin(filled, _left_out(found))]


def _left_out(found: list[Aside]) -> list[int]:
    return [f.row for f in found if not f.code.startswith("W")]


def _entry(grid: Grid, found: Aside, last: int) -> LedgerEntry:
    code = "R104" if found.code == "R156" and found.row > last else found.code
    severity: Severity = "warning" if code.startswith("W") else "repair"
    present = [str(cell) for cell in grid.cells[found.row] if not is_blank(cell)][:_SHOWN]
    message = Sentence(code, {"row": found.row + 1, "label": found.label, "values": present})
    return LedgerEntry(severity, message, grid.sheet, found.row + 1, old=", ".join(present))


def _pivot_entries(grid: Grid, header: Header) -> list[LedgerEntry]:
    name = next((text for text in header.texts if fold(text) in _PIVOT), None)
    if name is None:
        return []
    message = Sentence("W185", {"column": name})
    return [LedgerEntry("warning", message, grid.sheet, header.body, name)]


def _repeated_names(grid: Grid, header: Header, body: Rows) -> list[Aside]:
    """Rows that say the names (and units) once more: loggers begin anew, pages are broken."""
    last = header.rows[-1]
    columns = [j for j, cell in enumerate(grid.cells[last]) if not is_blank(cell)]
    first = next((j for j in columns if isinstance(grid.cells[last, j], str)), None)
    if first is None or len(columns) < 2:
        return []
    name = grid.cells[last, first]
    heads = [*header.rows, *([] if header.unit_row is None else [header.unit_row])]
    texts = {row: _texts(grid, row) for row in heads}
    found: dict[int, Aside] = {}
    for k in np.flatnonzero(grid.cells[body, first] == name):
        if _texts(grid, int(body[k])) != texts[last]:
            continue
        around = body[max(k - len(heads), 0) : k + 2]
        same = [int(r) for r in around if _texts(grid, int(r)) in texts.values()]
        preface = _preface(grid, header, body[: max(k - len(header.rows) + 1, 0)])
        if preface is not None:
            found.update({row: Aside(row, "R155", tidy(str(name))) for row in [*same, *preface]})
    return list(found.values())


def _preface(grid: Grid, header: Header, above: Rows) -> list[int] | None:
    """Rows right above names that come again which were above the first ones, too.

    None if others stand there: then another table begins.
    """
    n_named = sum(bool(text) for text in header.texts)
    first = {_without_digits(grid, row) for row in range(header.rows[0])} - {""}
    rows: list[int] = []
    for row in above[::-1]:
        if _without_digits(grid, int(row)) in first:
            rows.append(int(row))
        elif 2 * sum(not is_blank(cell) for cell in grid.cells[row]) > n_named:
            break
        else:
            return None
    return rows


def _without_digits(grid: Grid, row: int) -> str:
    text = next((str(cell) for cell in grid.cells[row] if not is_blank(cell)), "")
    return "".join(character for character in fold(text) if not character.isdigit())


def _texts(grid: Grid, row: int) -> tuple[str, ...]:
    return tuple("" if is_blank(cell) else tidy(str(cell)) for cell in grid.cells[row])


def _summaries(grid: Grid, header: Header, body: Rows) -> list[Aside]:
    """Rows labelled as totals, statistics or limits; one whose numbers disagree is in doubt."""
    labels, inner = labels_of(grid, body)
    told = [k for k, (_, text) in sorted(labels.items()) if not WEAK.fullmatch(text)]
    # so many of them are the levels of a column
    if not told or 2 * len(told) > len(body):
        return []
    block = Block(grid, body, header)
    edge, counts = at_edges(labels, len(body)), Counter(text for _, text in labels.values())
    found: dict[int, Aside] = {}
    doubt: dict[int, Aside] = {}
    start, samples = 0, np.ones(len(body), dtype=bool)
    for k in told:
        label, text = labels[k]
        certain = CERTAIN.fullmatch(text) is not None
        starts = (start, 0) if k in edge else (start,)
        groups = (first + np.flatnonzero(samples[first:k]) for first in starts)
        if (certain and k in edge and counts[text] == 1 and k not in inner) or any(
            summarises(block, k, group, kind_of_label(text)) for group in groups
        ):
            found[k] = Aside(int(body[k]), "R156", label)
            samples[k], start = False, k + 1
        elif certain and k not in inner:
            doubt[k] = Aside(int(body[k]), "W180", label)
    outer = {k: label for k, label in labels.items() if k not in inner}
    _add_neighbours(outer, found, body)
    few = 4 * len(doubt) <= len(body) and all(counts[labels[k][1]] == 1 for k in doubt)
    doubtful = [d for k, d in doubt.items() if k not in found] if few or found else []
    return [*found.values(), *doubtful]


def _add_neighbours(
    labels: dict[int, tuple[str, str]], found: dict[int, Aside], body: Rows
) -> None:
    """Believe labels next to a row that is certainly none of the samples."""
    for order in (sorted(labels), sorted(labels, reverse=True)):
        for k in order:
            beside = k - 1 in found or k + 1 in found
            certain = CERTAIN.fullmatch(labels[k][1]) or WEAK.fullmatch(labels[k][1])
            if k not in found and beside and certain:
                found[k] = Aside(int(body[k]), "R156", labels[k][0])


def _bare_totals(grid: Grid, header: Header, body: Rows) -> list[Aside]:
    """Recognise rows without a label that are the sum or the mean of those above them."""
    first = next(j for j, text in enumerate(header.texts) if text)
    unnamed = np.flatnonzero([is_blank(cell) for cell in grid.cells[body, first]])
    last = len(body) - 1
    if len(body) < _SHOWN or 3 * len(unnamed) > len(body):
        unnamed = unnamed[:0]
    block = Block(grid, body, header)
    found: dict[int, Aside] = {}
    start, samples = 0, np.ones(len(body), dtype=bool)
    for k in unnamed[:_MOST_UNNAMED].tolist():
        group, everything = np.arange(start, k), np.flatnonzero(samples[:k])
        if _wordless(grid, int(body[k])) and any(
            summarises(block, k, above, "") for above in (group, everything)
        ):
            found[k] = Aside(int(body[k]), "R156", "")
            samples[k], start = False, k + 1
    if len(body) >= _SHOWN and last not in found and _wordless(grid, int(body[last])):
        above = np.flatnonzero(samples[:last])
        if is_grand_total(block, last, above):
            found[last] = Aside(int(body[last]), "R156", "")
    return list(found.values())


def _wordless(grid: Grid, row: int) -> bool:
    """Whether a row holds numbers alone, but for the word for a summary."""
    texts = [cell for cell in grid.cells[row] if isinstance(cell, str) and not is_blank(cell)]
    return all(read_cell(text).status == Status.NUMBER or label_text(text) for text in texts)
