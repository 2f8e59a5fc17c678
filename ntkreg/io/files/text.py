"""Text -> grid: delimiter, quotes, line ends."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import numpy as np

from ntkreg.exceptions import InputError
from ntkreg.io.files.clean import read_clean
from ntkreg.io.files.encoding import decode
from ntkreg.io.files.grid import Grid, check_size, make_cells
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

DELIMITERS = (";", "\t", "|", ",")
_SAMPLE_CHARACTERS = 65_536
_SAMPLE_ROWS = 200
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_MAX_FIELD = 131_072
_ELSEWHERE = re.compile(r"\S[;|\t,^~:&!/\s，；、]+\S")
# a second byte order mark stands where two files were joined
_DIRT = (b"\x00", b"\x1a", "\ufeff".encode())
_COMMAS = (b",", "，".encode())
# of one character, at most
_BYTES = 4
# Excel keeps leading zeros in a text file this way
_AS_TEXT = re.compile(r'="([^"]*)"')
# control characters that no keyboard has, and the mark of what could not be decoded: they remain
# where another program read the text in a wrong encoding and saved it
_SPOILT = re.compile("[^\n,;\t|]{0,12}[\x80-\x84\x86-\x9f\ufffd][^\n,;\t|]{0,12}")
_NUMBER = re.compile(r"\s*[+-]?\d+([.,]\d+)?\s*")


def read_text(data: bytes, file: str, encoding: str | None = None) -> Grid:
    """Return the grid of a delimited text file.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str
        File name for messages.
    encoding : str, optional
        Encoding to use instead of finding it.

    Raises
    ------
    InputError
        If the bytes fit no encoding or a line cannot be divided into fields.
    """
    lines, name, entries = _lines(data, file, encoding)
    lines, dirt = _without_control_characters(lines)
    text = _beginning(lines)
    delimiter = find_delimiter(text)
    # between commas, only a quoted cell can hold one
    quoted = b'"' in lines
    commas = quoted if delimiter == "," else any(mark in lines for mark in _COMMAS)
    separator_line = _SEPARATOR_LINE.fullmatch(text[: text.find("\n") + 1] or text) is not None
    # cells such as ="0012" are texts, whatever they look like
    wrapped = quoted and b'="' in lines
    clean = None if wrapped else read_clean(lines, delimiter, separator_line=separator_line)
    if clean is None:
        rows = _rows(lines.decode("utf-8", "surrogatepass"), delimiter, file)
        if rows and len(rows[0]) <= 2 and separator_line:
            rows[0] = []
        dirt += _unwrapped(rows)
        _refuse_one_column(rows, file)
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        cells = make_cells(rows, "", file)
    else:
        cells, lengths = clean
        check_size(len(cells), cells.shape[1], file)
    return Grid(
        cells,
        "csv",
        encoding=name,
        delimiter=delimiter,
        lengths=lengths,
        commas=commas,
        entries=entries + dirt + _spoilt(text),
    )


def _spoilt(text: str) -> tuple[LedgerEntry, ...]:
    found = _SPOILT.search(text)
    if found is None:
        return ()
    sample = "".join(c if c.isprintable() else "\ufffd" for c in found[0]).strip()
    row = text.count("\n", 0, found.start()) + 1
    return (LedgerEntry("warning", Sentence("W191", {"sample": sample, "row": row}), row=row),)


def find_delimiter(text: str) -> str:
    r"""Return the delimiter that divides most lines into the same number of fields.

    Where two do so equally well (a semicolon file whose every number has a decimal comma), the
    one that leaves more numbers wins.

    Examples
    --------
    >>> find_delimiter("a;b\n1,5;2,5\n")
    ';'
    """
    match = _SEPARATOR_LINE.match(text)
    if match:
        return match.group(1)
    sample = text[:_SAMPLE_CHARACTERS]
    if len(sample) < len(text):
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    scores = {delimiter: _consistency(sample, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best][0] > 0 else ","


def _consistency(sample: str, delimiter: str) -> tuple[float, float, int]:
    """Share of lines with the usual number of fields, share of numbers, number of fields."""
    try:
        reader = csv.reader(
            io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True
        )
        rows = [row for row, _ in zip(reader, range(_SAMPLE_ROWS), strict=False) if any(row)]
    except csv.Error:
        return 0.0, 0.0, 0
    usual, count = Counter(len(row) for row in rows).most_common(1)[0] if rows else (0, 0)
    if usual < 2:
        return 0.0, 0.0, 0
    cells = [cell for row in rows for cell in row if cell]
    numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in cells)
    return count / len(rows), numbers / len(cells), usual


def _rows(text: str, delimiter: str, file: str) -> list[list[str]]:
    # strict: without it an unclosed quote silently swallows the rest of the file
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        row = len(rows) + 1
        where = {"file": file, "row": row}
        if "field limit" in str(error):
            raise InputError("E154", where, file=file, row=row, limit=_MAX_FIELD) from error
        raise InputError("E119", where, file=file, row=row, reason=str(error)) from error
    return rows


def _refuse_one_column(rows: list[list[str]], file: str) -> None:
    """Refuse lines that are one field each but look divided by something unknown."""
    sample = [(k, row) for k, row in enumerate(rows[:_SAMPLE_ROWS]) if any(row)]
    if len(sample) < 2 or any(len(row) > 1 for _, row in sample):
        return
    if all(_ELSEWHERE.search(row[0].strip()) for _, row in sample):
        row, fields = sample[0][0] + 1, sample[0][1]
        raise InputError("E153", {"file": file, "row": row}, file=file, row=row, value=fields[0])


def _unwrapped(rows: list[list[str]]) -> tuple[LedgerEntry, ...]:
    """Take the text out of cells such as ="0012", in place."""
    count, first = 0, 0
    for number, row in enumerate(rows, start=1):
        for j, cell in enumerate(row):
            match = _AS_TEXT.fullmatch(cell.strip()) if cell.lstrip().startswith("=") else None
            if match:
                row[j] = match.group(1)
                count, first = count + 1, first or number
    message = Sentence("R158", {"count": count, "row": first})
    return (LedgerEntry("repair", message, row=first, count=count),) if count else ()


def _lines(
    data: bytes, file: str, encoding: str | None
) -> tuple[bytes, str, tuple[LedgerEntry, ...]]:
    """Return the text of a file in UTF-8 and what `decode` says of it."""
    if encoding is None and data.isascii():
        return data, "utf-8", ()
    text, name, entries = decode(data, file, encoding)
    return data if name == "utf-8" else text.encode("utf-8", "surrogatepass"), name, entries


def _beginning(lines: bytes) -> str:
    """Return as much of a text as is looked at to find its delimiter, and a little more."""
    some = lines[: _BYTES * (_SAMPLE_CHARACTERS + 1)]
    # the last character may have been cut
    error = "surrogatepass" if len(some) == len(lines) else "ignore"
    return some.decode("utf-8", error)


def _without_control_characters(lines: bytes) -> tuple[bytes, tuple[LedgerEntry, ...]]:
    # looking for one byte is much faster than looking for several
    count = sum(lines.count(mark) for mark in _DIRT if mark[:1] in lines)
    if not count:
        return lines, ()
    for mark in _DIRT:
        lines = lines.replace(mark, b"")
    return lines, (LedgerEntry("repair", Sentence("R114", {"count": count}), count=count),)
