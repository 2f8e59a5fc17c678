"""Where the lines of a text file begin, and what their fields are if all lines are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.files.store import Rows

NEWLINE, RETURN = b"\n\r"
_SPACE, _TAB, _QUOTE, _ZERO = b' \t"0'
_DIGITS = 10
_BLOCK = 1 << 18

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Fields:
    """How the fields of some lines begin, all lines having as many.

    Parameters
    ----------
    first : tuple of ndarray of uint8
        First byte of the first field of each line, and of the other ones, line by line.
    n_columns : int
        Number of fields of a line.
    delimiter : int
        The byte that divides them.
    zero_led : frozenset of int
        Columns in which a field may begin as "007" does.
    spaced : bool
        Whether a field begins with a space.
    """

    first: tuple[Codes, Codes]
    n_columns: int
    delimiter: int
    zero_led: frozenset[int]
    spaced: bool

    def n_blank(self) -> Rows:
        """Return the number of empty fields of each column."""
        ends = (NEWLINE, RETURN, self.delimiter)
        first, others = (np.logical_or.reduce([part == end for end in ends]) for part in self.first)
        below = np.count_nonzero(others.reshape(-1, self.n_columns - 1), axis=0)
        return np.concatenate([[np.count_nonzero(first)], below])


def line_starts(data: bytes) -> Rows:
    """Return where the lines begin, and where the last one ends."""
    codes = np.frombuffer(data, dtype=np.uint8)

    def search(k: int) -> Rows:
        return np.flatnonzero(codes[k : k + _BLOCK] == NEWLINE) + (k + 1)

    found = [search(k) for k in range(0, len(codes), _BLOCK)]
    starts = np.concatenate([np.zeros(1, dtype=np.int64), *found])
    return starts if starts[-1] == len(data) else np.append(starts, len(data))


def find_fields(chunk: bytes, lines: Rows, delimiter: str, n_columns: int) -> Fields | None:
    """Return how the fields of some lines begin; None if the lines are not all alike.

    Parameters
    ----------
    chunk : bytes
        The lines, all with their ends.
    lines : ndarray of shape (n_lines + 1,) of int
        Where they begin, and where the last one ends.
    delimiter : str
        What divides the fields.
    n_columns : int
        Number of fields that each line must have.
    """
    codes = np.frombuffer(chunk, dtype=np.uint8)
    returns = chunk.count(b"\r") if b"\r" in chunk else 0
    # a byte order mark at the front would be taken for one
    if chunk.startswith(b"\xef\xbb\xbf") or returns not in (0, len(lines) - 1):
        return None
    if returns and not (codes[lines[1:] - 2] == RETURN).all():
        return None
    ends = np.flatnonzero(codes == ord(delimiter))
    if n_columns < 2 or len(ends) != (len(lines) - 1) * (n_columns - 1):
        return None
    # so many for so many lines, and those of each line within it: each line has its number
    if (ends[:: n_columns - 1] < lines[:-1]).any() or (
        ends[n_columns - 2 :: n_columns - 1] >= lines[1:]
    ).any():
        return None
    # in place: new memory costs more than what is done with it
    ends += 1
    first = (codes[lines[:-1]], codes.take(ends, mode="clip"))
    ends += 1
    second = (codes.take(lines[:-1] + 1, mode="clip"), codes.take(ends, mode="clip"))
    spaced = [_columns(part == _SPACE, n_columns, k) for k, part in enumerate(first)]
    led = [
        _columns((one == _ZERO) & (two - _ZERO < _DIGITS), n_columns, k)
        for k, (one, two) in enumerate(zip(first, second, strict=True))
    ]
    # behind a space stands what nobody has looked at
    return Fields(first, n_columns, ord(delimiter), frozenset().union(*led, *spaced), any(spaced))


def _columns(hits: NDArray[np.bool_], n_columns: int, k: int) -> set[int]:
    """Columns with a hit, among the first fields of lines (k = 0) or among the others."""
    if not hits.any():
        return set()
    return {k} if not k else set((np.flatnonzero(hits) % (n_columns - 1) + 1).tolist())


def without_quotes(chunk: bytes, delimiter: str) -> bytes | None:
    """Return lines without their quotes; None if one does more than to wrap a whole field.

    Then a delimiter, a line's end, a quote or a space at the front stands within quotes, or a
    quote stands elsewhere, and it takes more than this to divide the lines.
    """
    codes = np.frombuffer(chunk, dtype=np.uint8)
    marks = (codes == ord(delimiter)) | (codes == NEWLINE) | (codes == RETURN)
    places = np.flatnonzero(marks | (codes == _QUOTE))
    quotes = np.flatnonzero(codes[places] == _QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    if len(opening) != len(closing) or (closing != opening + 1).any():
        return None
    before, after = places[opening] - 1, places[closing] + 1
    # a chunk begins with a line and ends with the end of one
    inside = codes.take(before + 2, mode="clip")
    wrap = marks.take(after, mode="clip") & (marks[before] | (before < 0))
    if not wrap.all() or ((inside == _SPACE) | (inside == _TAB)).any():
        return None
    return chunk.replace(b'"', b"")
