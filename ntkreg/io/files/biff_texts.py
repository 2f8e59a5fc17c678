"""The shared texts of an .xls workbook, walked through to see whether their lengths add up."""

from __future__ import annotations

import struct

from ntkreg.io.files.ole import DamagedError

_WIDE, _EXTENDED, _RICH = 1, 4, 8


def check_texts(blocks: list[bytes], n_texts: int) -> None:
    """Check that so many texts fill the record of shared texts and its continuations exactly.

    Parameters
    ----------
    blocks : list of bytes
        The record, behind its two counts, and its continuations.
    n_texts : int
        Number of texts.

    Raises
    ------
    DamagedError
        If they do not.
    """
    walk = _Walk(blocks)
    for _ in range(n_texts):
        walk.text()
    if not walk.at_end():
        raise DamagedError("its list of texts is too long")


class _Walk:
    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks
        self._k = 0
        self._place = 0

    def at_end(self) -> bool:
        return self._k == len(self._blocks) - 1 and self._place == len(self._blocks[-1])

    def _next_block(self) -> bytes:
        self._k += 1
        self._place = 0
        if self._k >= len(self._blocks) or not self._blocks[self._k]:
            raise DamagedError("its list of texts is too short")
        return self._blocks[self._k]

    def text(self) -> None:
        block = self._blocks[self._k]
        if self._place == len(block):
            block = self._next_block()
        if self._place + 3 > len(block):
            raise DamagedError("a text in its list is cut short")
        length, flags = struct.unpack_from("<HB", block, self._place)
        self._place += 3
        rest = 0
        if flags & ~(_WIDE | _EXTENDED | _RICH):
            raise DamagedError("a text in its list has an unknown form")
        for bit, form, size in ((_RICH, "<H", 4), (_EXTENDED, "<I", 1)):
            if flags & bit:
                width = struct.calcsize(form)
                if self._place + width > len(block):
                    raise DamagedError("a text in its list is cut short")
                rest += size * struct.unpack_from(form, block, self._place)[0]
                self._place += width
        self._characters(length, 1 + (flags & _WIDE))
        self._skip(rest)

    def _characters(self, length: int, width: int) -> None:
        while True:
            here = min(length, (len(self._blocks[self._k]) - self._place) // width)
            self._place += here * width
            length -= here
            if not length:
                return
            # a text that goes on in the next record says anew how wide its characters are
            width = 1 + (self._next_block()[0] & _WIDE)
            self._place = 1

    def _skip(self, n_bytes: int) -> None:
        while n_bytes:
            here = min(n_bytes, len(self._blocks[self._k]) - self._place)
            self._place += here
            n_bytes -= here
            if n_bytes:
                self._next_block()
