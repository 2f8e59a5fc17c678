"""A05 in the formats that calamine reads: damaged files are refused, or read as what they were.

An .xls has no checksums. A bit changed inside a number or a character is a file as good as the
first and nobody can see it; what must hold is that one flipped bit changes no more than the cells
that share one value.
"""

import functools
import importlib.util
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw

# tests/ has no __init__.py, so a module beside this one is loaded by its place
_SPEC = importlib.util.spec_from_file_location(
    "workbook_files", Path(__file__).with_name("workbook_files.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
files = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(files)

ROWS = [
    ["温度[℃]", "種類", "x", "強度"],
    *([i * 7.25 - 30, "甲乙丙"[i % 3], i * i / 64, 100 + i * 13 % 17] for i in range(40)),
]
N_COPIES = 30


@functools.cache
def good(kind):
    return files.WRITERS[kind]({"表": ROWS})


def read(folder, kind, data):
    path = folder / f"t.{kind}"
    path.write_bytes(data)
    return read_raw(path)


def content(raw):
    return [c.name for c in raw.columns], [c.cells.tolist() for c in raw.columns]


def flip(data, rng):
    changed = bytearray(data)
    changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return bytes(changed)


def zero(data, rng):
    place, length = rng.integers(len(data)), rng.integers(1, 200)
    return data[:place] + bytes(len(data[place : place + length])) + data[place + length :]


def swap(data, rng):
    one, other = sorted(rng.integers(len(data) - 200, size=2))
    other = max(other, one + 100)
    first, second = data[one : one + 100], data[other : other + 100]
    return data[:one] + second + data[one + 100 : other] + first + data[other + 100 :]


def cut(data, rng):
    return data[: rng.integers(len(data))]


@pytest.mark.parametrize("damage", [flip, zero, swap, cut])
@pytest.mark.parametrize("kind", ["xlsb", "ods"])
def test_A05_changed_bytes_never_pass_where_there_are_checksums(tmp_path, kind, damage):
    original = content(read(tmp_path, kind, good(kind)))
    for seed in range(N_COPIES):
        started = time.monotonic()
        try:
            raw = read(tmp_path, kind, damage(good(kind), np.random.default_rng(seed)))
        except InputError as error:
            refused = error.text("en")
            assert f"t.{kind}" in refused
        else:
            assert content(raw) == original, f"seed {seed}"
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("damage", [zero, swap, cut])
def test_A05_an_xls_with_broken_structure_is_refused_or_whole(tmp_path, damage):
    data = good("xls")
    names, columns = content(read(tmp_path, "xls", data))
    for seed in range(N_COPIES):
        try:
            raw = read(tmp_path, "xls", damage(data, np.random.default_rng(seed)))
        except InputError as error:
            refused = error.text("en")
            assert "t.xls" in refused
        else:
            assert "W141" in {e.message.code for e in raw.ledger.entries} or content(raw) == (
                names,
                columns,
            ), f"seed {seed}"


def test_A05_a_flipped_bit_of_an_xls_never_moves_a_cell_unsaid(tmp_path):
    names, columns = content(read(tmp_path, "xls", good("xls")))
    for seed in range(N_COPIES):
        try:
            raw = read(tmp_path, "xls", flip(good("xls"), np.random.default_rng(seed)))
        except InputError:
            continue
        if "W141" in {e.message.code for e in raw.ledger.entries}:
            continue
        found = content(raw)
        assert [len(c) for c in found[1]] == [len(c) for c in columns], f"seed {seed}"
        pairs = zip([names, *found[1]], [names, *columns], strict=True)
        changed = [
            (a, b) for one, other in pairs for a, b in zip(one, other, strict=True) if a != b
        ]
        assert len(set(map(repr, changed))) <= 1, f"seed {seed}"


def patched(old, new, data=None):
    data = good("xls") if data is None else data
    assert old in data
    return data.replace(old, new, 1)


def cell(row, column):
    return struct.pack("<HHHH", 0x27E, 10, row, column)


XLS_FAULTS = {
    "occurs twice": lambda: patched(cell(3, 0), cell(2, 0)),
    "turned into something else": lambda: patched(cell(3, 0), b"\x7d\x02" + cell(3, 0)[2:]),
    "unknown format": lambda: patched(cell(3, 0) + b"\x11\0", cell(3, 0) + b"\x11\x7f"),
    "text in its list": lambda: patched(
        b"\x05\0\x01" + "温度".encode("utf-16-le"), b"\x05\0\x71abcd"
    ),
    "list of texts": lambda: patched(b"\x05\0\x01" + "温度".encode("utf-16-le"), b"\xff\0\x01abcd"),
    "end|beyond|short": lambda: good("xls")[:2000],
}


@pytest.mark.parametrize("fault", XLS_FAULTS)
def test_A05_the_contradiction_in_an_xls_is_named(tmp_path, fault):
    with pytest.raises(InputError, match=rf"t\.xls is damaged: .*({fault})"):
        read(tmp_path, "xls", XLS_FAULTS[fault]())


def test_A05_sector_tables_in_a_circle_are_refused_at_once(tmp_path):
    data = bytearray(good("xls"))
    first_table = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, 512 * (first_table + 1) + 4, 0)
    started = time.monotonic()
    with pytest.raises(InputError, match=r"t\.xls is damaged"):
        read(tmp_path, "xls", bytes(data))
    assert time.monotonic() - started < 5


def test_A05_A10_a_table_of_four_thousand_million_sectors_is_refused(tmp_path):
    data = bytearray(good("xls"))
    struct.pack_into("<I", data, 44, 0xFFFFFFF0)
    with pytest.raises(InputError, match=r"t\.xls is damaged"):
        read(tmp_path, "xls", bytes(data[:1024]))


@pytest.mark.parametrize(
    "dirt", [b"x,y\n1,2\n3,\x004\n5,\x006\n", b"x,y\n1,2\n3,4\n" + bytes(5000)]
)
def test_C08_a_small_text_with_nuls_is_repaired_and_said(tmp_path, dirt):
    raw = read(tmp_path, "csv", dirt)
    assert raw.columns[1].numbers()[:2].tolist() == [2.0, 4.0]
    assert "R114" in {e.message.code for e in raw.ledger.entries}
