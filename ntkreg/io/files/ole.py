"""OLE compound file (.xls) -> its workbook stream, with every chain of sectors followed.

The format carries no checksums. What can be checked is checked: that the tables of sectors agree
with each other and with the file's length, that no chain is a circle, ends early or shares a
sector with another one. A changed bit inside a number cannot be seen by anybody.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFE
_LAST_SECTOR = 0xFFFFFFFA
_MINI_SECTOR = 64
_ENTRY = 128
_ROOT = 5


class DamagedError(ValueError):
    """The file contradicts itself; the text says where."""


@dataclass(frozen=True)
class Entry:
    """One entry of the directory: a stream or the root."""

    name: str
    kind: int
    start: int
    size: int


class CompoundFile:
    """The streams of an OLE compound file.

    Parameters
    ----------
    data : bytes
        The whole file.

    Raises
    ------
    DamagedError
        If its tables contradict each other.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < 512 or not data.startswith(SIGNATURE):
            raise DamagedError("its header is incomplete")
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift != 6 or data[28:30] != b"\xfe\xff":
            raise DamagedError("its header is wrong")
        self._data = data
        self._sector = 1 << shift
        self._n_sectors = max(-(-len(data) // self._sector) - 1, 0)
        fields = struct.unpack_from("<7I", data, 44)
        n_fat, directory, self._cutoff = fields[0], fields[1], fields[3]
        self._mini_start = struct.unpack_from("<I", data, 60)[0]
        self._fat = self._read_fat(n_fat)
        self.entries = self._read_directory(directory)

    def _block(self, sector: int) -> bytes:
        if sector >= self._n_sectors:
            raise DamagedError("it refers to a place beyond its end")
        start = (sector + 1) * self._sector
        return self._data[start : start + self._sector]

    def _read_fat(self, n_fat: int) -> tuple[int, ...]:
        sectors = list(struct.unpack_from("<109I", self._data, 76))
        following, n_more = struct.unpack_from("<II", self._data, 68)
        seen: set[int] = set()
        while following < _LAST_SECTOR:
            if following in seen or len(seen) >= n_more:
                raise DamagedError("its sector tables run in a circle")
            seen.add(following)
            block = self._block(following)
            numbers = struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4])
            sectors.extend(numbers[:-1])
            following = numbers[-1]
        used = [sector for sector in sectors if sector < _LAST_SECTOR]
        if len(used) != n_fat or len(set(used)) != n_fat or len(seen) != n_more:
            raise DamagedError("the number of its sector tables is wrong")
        table = b"".join(self._block(sector) for sector in used)
        return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])

    def _chain(self, start: int, table: tuple[int, ...]) -> list[int]:
        chain: list[int] = []
        sector = start
        while sector != _END:
            # a chain longer than the table must have come back to itself
            if sector >= len(table) or len(chain) > len(table):
                raise DamagedError("a chain of sectors is broken")
            chain.append(sector)
            sector = table[sector]
        return chain

    def _read_directory(self, start: int) -> tuple[Entry, ...]:
        table = b"".join(self._block(sector) for sector in self._chain(start, self._fat))
        entries = []
        for place in range(0, len(table) - _ENTRY + 1, _ENTRY):
            raw = table[place : place + _ENTRY]
            length, kind = struct.unpack_from("<HB", raw, 64)
            if kind == 0:
                continue
            if length > 64 or length % 2 or kind not in (1, 2, _ROOT):
                raise DamagedError("its directory is wrong")
            name = raw[: max(length - 2, 0)].decode("utf-16-le", "replace")
            first, size = struct.unpack_from("<II", raw, 116)
            entries.append(Entry(name, kind, first, size))
        return tuple(entries)

    def stream(self, *names: str) -> bytes | None:
        """Return the first stream that bears one of the names; None if there is none."""
        wanted = [n.lower() for n in names]
        found = [e for e in self.entries if e.kind == 2 and e.name.lower() in wanted]
        return self._content(found[0]) if found else None

    def _content(self, entry: Entry) -> bytes:
        if entry.size >= self._cutoff:
            chain = self._chain(entry.start, self._fat)
            blocks = b"".join(self._block(sector) for sector in chain)
            expected = -(-entry.size // self._sector)
        else:
            chain, blocks = self._small(entry)
            expected = -(-entry.size // _MINI_SECTOR)
        # some writers keep spare sectors, none keeps too few
        if len(chain) < expected or len(blocks) < entry.size:
            raise DamagedError("a stream is shorter than it should be")
        return blocks[: entry.size]

    def _small(self, entry: Entry) -> tuple[list[int], bytes]:
        root = next((e for e in self.entries if e.kind == _ROOT), None)
        if root is None:
            raise DamagedError("its directory has no root")
        store = b"".join(self._block(sector) for sector in self._chain(root.start, self._fat))
        sectors = self._chain(self._mini_start, self._fat)
        table = b"".join(self._block(sector) for sector in sectors)
        links = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
        chain = self._chain(entry.start, links)
        size = _MINI_SECTOR
        return chain, b"".join(store[size * sector : size * (sector + 1)] for sector in chain)
