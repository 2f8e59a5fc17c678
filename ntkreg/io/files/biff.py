"""Records of an .xls workbook stream: checked for contradictions, searched for special cells.

The stream has no checksums. Checked here: that records follow each other without a gap to the end
of each sheet, that cell records have the length of their kind, that no address occurs twice, that
texts and formats exist. A changed bit inside a number or a text cannot be seen.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ntkreg.io.files.biff_texts import check_texts
from ntkreg.io.files.grid import Special
from ntkreg.io.files.ole import DamagedError
from ntkreg.io.files.xlsb_cells import ERRORS

BOF, EOF, BOUNDSHEET, FILEPASS, SST, CONTINUE, XF = 0x809, 0x0A, 0x85, 0x2F, 0xFC, 0x3C, 0xE0
_STRING, _FORMULA, _BOOLERR, _LABELSST, _MULRK, _MULBLANK = 0x207, 0x06, 0x205, 0xFD, 0xBD, 0xBE
# cell records of a fixed length: NUMBER, RK, LABELSST, BOOLERR, BLANK
_LENGTHS = {0x203: 14, 0x27E: 10, _LABELSST: 10, _BOOLERR: 8, 0x201: 6}
_CELLS = {*_LENGTHS, _FORMULA, 0x204, _MULRK, _MULBLANK}
# what may stand between two cells: ROW, STRING, ARRAY, TABLE, SHRFMLA, DBCELL, CONTINUE, RSTRING
_AMONG_CELLS = {0x208, 0x207, 0x221, 0x236, 0x4BC, 0xD7, CONTINUE, 0xD6}
# what usually follows the last cell: views, drawings, notes, merged ranges, the sheet's end
_AFTER_CELLS = {0x23E, 0x5D, 0xEC, 0x1C, EOF, 0xE5, 0x1B0, 0x1B2, 0x1B8, 0x1BE, 0xA0, 0x41, 0x1D}
_MAX_RECORD = 8224
SpecialCells = dict[tuple[int, int], str | Special]
Record = tuple[int, int, int]


@dataclass(frozen=True)
class Sheets:
    """What the walk through the stream found, for each sheet in the workbook's order."""

    specials: tuple[SpecialCells, ...]
    ordered: tuple[bool, ...]


def is_encrypted(stream: bytes) -> bool:
    """Return whether the stream needs a password."""
    return any(kind == FILEPASS for kind, _, _ in _records(stream, 0))


def _records(stream: bytes, place: int) -> Iterator[Record]:
    """Yield kind, place and length of the records of one substream, up to its end."""
    depth = 0
    while True:
        if place + 4 > len(stream):
            raise DamagedError("it ends inside a sheet")
        kind, length = struct.unpack_from("<HH", stream, place)
        if length > _MAX_RECORD or place + 4 + length > len(stream):
            raise DamagedError("a record is longer than it can be")
        if not depth and kind != BOF:
            raise DamagedError("a sheet is not where it should be")
        yield kind, place + 4, length
        place += 4 + length
        depth += (kind == BOF) - (kind == EOF)
        if not depth:
            return


def examine(stream: bytes) -> Sheets | None:
    """Walk through a workbook stream.

    Parameters
    ----------
    stream : bytes
        The stream "Workbook".

    Returns
    -------
    Sheets or None
        None for Excel 5 and 95, whose records differ.

    Raises
    ------
    DamagedError
        If the stream contradicts itself.
    """
    starts, n_texts, n_formats = [], 0, 0
    texts: list[bytes] = []
    before = 0
    for kind, place, length in _records(stream, 0):
        if kind == BOF and place == 4 and struct.unpack_from("<H", stream, 4)[0] != 0x600:
            return None
        if kind == BOUNDSHEET:
            starts.append(struct.unpack_from("<I", stream, place)[0])
        elif kind == SST and length >= 8:
            n_texts = struct.unpack_from("<I", stream, place + 4)[0]
            texts.append(stream[place + 8 : place + length])
        elif kind == CONTINUE and before == SST:
            texts.append(stream[place : place + length])
            continue
        n_formats += kind == XF
        before = kind
    if texts:
        check_texts(texts, n_texts)
    sheets = [_sheet(stream, start, n_texts, n_formats) for start in starts]
    return Sheets(tuple(s for s, _ in sheets), tuple(o for _, o in sheets))


def _sheet(stream: bytes, start: int, n_texts: int, n_formats: int) -> tuple[SpecialCells, bool]:
    specials: SpecialCells = {}
    seen: set[int] = set()
    last, ordered, depth, foreign, latest, computed = -1, True, 0, None, 0, False
    for kind, place, length in _records(stream, start):
        depth += (kind == BOF) - (kind == EOF)
        # deeper lies a chart inside the sheet
        if depth != 1 or kind not in _CELLS:
            # the text of a formula stands behind it and nowhere else
            misplaced = kind == _STRING and latest != _FORMULA
            if last >= 0 and foreign is None and (misplaced or kind not in _AMONG_CELLS):
                foreign = kind
            continue
        latest = kind
        if foreign is not None:
            raise DamagedError("a cell has turned into something else")
        row, first, n_cells = _cells(stream, kind, place, length, n_formats)
        if kind == _LABELSST and struct.unpack_from("<I", stream, place + 6)[0] >= n_texts:
            raise DamagedError(f"row {row + 1}: unknown text")
        addresses = range(row << 8 | first, (row << 8 | first) + n_cells)
        if not seen.isdisjoint(addresses):
            raise DamagedError(f"row {row + 1}: a cell occurs twice")
        seen.update(addresses)
        ordered &= addresses[0] > last
        last = addresses[-1]
        special = _special(stream, kind, place)
        if special is not None:
            specials[row, first] = special
        computed |= kind == _FORMULA and special is not Special.FORMULA
    ends_well = _is_followed_well(stream, place + length)
    known = foreign in _AFTER_CELLS or (foreign or 0) >= 0x800
    return _settled(specials, computed), ordered and known and ends_well


def _settled(specials: SpecialCells, computed: bool) -> SpecialCells:
    """Return the special cells of a sheet without formulas that gave an empty text.

    The format does not tell them from formulas that nobody computed; but whoever computed one
    formula of a sheet has computed all.
    """
    if not computed:
        return specials
    return {at: value for at, value in specials.items() if value != Special.FORMULA}


def _is_followed_well(stream: bytes, end: int) -> bool:
    """Return whether behind a sheet there is another one, or nothing."""
    return stream[end : end + 2] == struct.pack("<H", BOF) or not stream[end:].strip(b"\0")


def _cells(
    stream: bytes, kind: int, place: int, length: int, n_formats: int
) -> tuple[int, int, int]:
    """Row, first column and number of cells of a cell record."""
    if kind in (_MULRK, _MULBLANK):
        return _several(stream, kind, place, length)
    row, column, style = _single(stream, kind, place, length)
    if style >= n_formats:
        raise DamagedError(f"row {row + 1}: unknown format")
    return row, column, 1


def _several(stream: bytes, kind: int, place: int, length: int) -> tuple[int, int, int]:
    """Row, first column and number of cells of a record for several cells."""
    width = 6 if kind == _MULRK else 2
    n_cells, rest = divmod(length - 6, width)
    if rest or n_cells < 1:
        raise DamagedError("a record of cells has a wrong length")
    row, first = struct.unpack_from("<HH", stream, place)
    last = struct.unpack_from("<H", stream, place + length - 2)[0]
    if last - first + 1 != n_cells or last > 255:
        raise DamagedError(f"row {row + 1}: cells do not fit")
    return row, first, n_cells


def _single(stream: bytes, kind: int, place: int, length: int) -> tuple[int, int, int]:
    """Row, column and format of a record for one cell."""
    if length < 6 or length != _LENGTHS.get(kind, length) or (kind == _FORMULA and length < 20):
        raise DamagedError("a record of a cell has a wrong length")
    row, column, style = struct.unpack_from("<3H", stream, place)
    if column > 255:
        raise DamagedError(f"row {row + 1}: a cell beyond the last column")
    return row, column, style


def _special(stream: bytes, kind: int, place: int) -> str | Special | None:
    if kind == _BOOLERR and stream[place + 7] == 1:
        return ERRORS.get(stream[place + 6], "#N/A")
    if kind == _FORMULA and stream[place + 12 : place + 14] == b"\xff\xff":
        if stream[place + 6] == 2:
            return ERRORS.get(stream[place + 8], "#N/A")
        if stream[place + 6] == 3:
            return Special.FORMULA
    return None
