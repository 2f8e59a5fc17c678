"""Where the lines of a text file begin, and where their fields do if all lines are alike."""

from __future__ import annotations

import numpy as np

from ntkreg.io.files.store import Rows

NEWLINE, RETURN = b"\n\r"
_BLOCK = 1 << 22


def line_starts(data: bytes) -> Rows:
    """Return where the lines begin, and where the last one ends."""
    codes = np.frombuffer(data, dtype=np.uint8)
    found = [
        np.flatnonzero(codes[k : k + _BLOCK] == NEWLINE) + (k + 1)
        for k in range(0, len(codes), _BLOCK)
    ]
    starts = np.concatenate([np.zeros(1, dtype=np.int64), *found])
    return starts if starts[-1] == len(data) else np.append(starts, len(data))


def field_starts(chunk: bytes, lines: Rows, delimiter: str, n_columns: int) -> Rows | None:
    """Return where each field of some lines begins; None if the lines are not all alike.

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

    Returns
    -------
    starts : ndarray of shape (n_lines, n_columns) of int, or None
    """
    codes = np.frombuffer(chunk, dtype=np.uint8)
    returns = chunk.count(b"\r") if b"\r" in chunk else 0
    # a byte order mark at the front would be taken for one
    if chunk.startswith(b"\xef\xbb\xbf") or returns not in (0, len(lines) - 1):
        return None
    if returns and not (codes[lines[1:] - 2] == RETURN).all():
        return None
    ends = np.flatnonzero(codes == ord(delimiter))
    if len(ends) != (len(lines) - 1) * (n_columns - 1) or n_columns < 2:
        return None
    table = ends.reshape(-1, n_columns - 1)
    if (table[:, 0] < lines[:-1]).any() or (table[:, -1] >= lines[1:]).any():
        return None
    return np.column_stack([lines[:-1], table + 1])
