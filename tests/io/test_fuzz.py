"""Damaged copies of good files, and tables in random dialects: an error, a remark, or the table.

`make fuzz` runs far more of both (NTKREG_FUZZ is the number of each); a failure names the seed.
"""

import csv
import functools
import importlib.util
import io
import os
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.io import read_raw

# tests/ has no __init__.py, so a module beside this one is loaded by its place
_SPEC = importlib.util.spec_from_file_location(
    "workbook_files", Path(__file__).with_name("workbook_files.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
files = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(files)

MORE = int(os.environ.get("NTKREG_FUZZ", "0"))
N_COPIES = MORE or 400
N_TABLES = MORE or 500
LONGEST = 10.0
N_ROWS = 40
HEADER = ["温度[℃]", "種類", "x", "備考①", "強度"]
KINDS = ["numeric", "category", "numeric", "category", "numeric"]


@functools.cache
def good_rows():
    rng = np.random.default_rng(0)
    return [
        [
            round(float(rng.normal(200, 30)), 2),
            "甲乙丙"[int(rng.integers(3))],
            round(float(rng.uniform(0, 1)), 4),
            ["良", "可, 再測定", 'b "c"'][int(rng.integers(3))],
            int(rng.integers(100, 900)),
        ]
        for _ in range(N_ROWS)
    ]


def text_file(encoding, delimiter=",", decimal="."):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in good_rows():
        writer.writerow([str(c).replace(".", decimal) if isinstance(c, float) else c for c in row])
    return buffer.getvalue().encode(encoding)


def workbook(kind):
    return files.WRITERS[kind]({"表": [HEADER, *good_rows()]})


# name -> how to make it, and whether its format has checksums; another format is one more line
GOOD = {
    "book.xlsx": (lambda: workbook("xlsx"), True),
    "macro.xlsm": (lambda: workbook("xlsx"), True),
    "book.xlsb": (lambda: workbook("xlsb"), True),
    "book.ods": (lambda: workbook("ods"), True),
    "book.xls": (lambda: workbook("xls"), False),
    "utf8.csv": (lambda: text_file("utf-8"), False),
    "bom.csv": (lambda: text_file("utf-8-sig"), False),
    "cp932.csv": (lambda: text_file("cp932"), False),
    "utf16.csv": (lambda: text_file("utf-16"), False),
    "tab.tsv": (lambda: text_file("utf-8", "\t"), False),
    "comma.csv": (lambda: text_file("cp932", ";", ","), False),
}


@functools.cache
def good_file(name):
    return GOOD[name][0]()


def cut(data, rng):
    return data[: int(rng.integers(len(data)))], 0


def flip(data, rng):
    place = int(rng.integers(len(data)))
    changed = bytearray(data)
    changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed), place


def zero(data, rng):
    place, length = int(rng.integers(len(data))), int(rng.integers(1, 200))
    changed = bytearray(data)
    changed[place : place + length] = bytes(len(data[place : place + length]))
    return bytes(changed), place


def swap(data, rng):
    length = int(rng.integers(1, max(2, min(200, len(data) // 4))))
    one, other = sorted(int(p) for p in rng.integers(len(data) - length + 1, size=2))
    other = max(other, one + length)
    changed = bytearray(data)
    first, second = data[one : one + length], data[other : other + length]
    changed[one : one + len(second)] = second
    changed[other : other + len(second)] = first[: len(second)]
    return bytes(changed), one


DAMAGES = (cut, flip, zero, swap)


def cells_of(raw):
    """Rows of a table as a model would see them: numbers or words, as in the good table."""
    columns = [
        c.numbers() if kind == "numeric" else c.labels()
        for c, kind in zip(raw.columns, KINDS, strict=False)
    ]
    return [tuple("nan" if v != v else v for v in row) for row in zip(*columns, strict=True)]


def remarks_of(raw):
    """Return what the reader says about a table, apart from plain information."""
    return {e.message.text("en") for e in raw.ledger.entries if e.severity != "info"}


@functools.cache
def original(name, folder):
    (folder / name).write_bytes(good_file(name))
    raw = read_raw(folder / name)
    assert [c.name for c in raw.columns] == HEADER
    assert raw.n_rows == N_ROWS
    return [c.name for c in raw.columns], cells_of(raw), remarks_of(raw)


def whole_rows_before(name, data, place):
    """Number of data rows of a text file that end before a byte."""
    width = 2 if name.startswith("utf16") else 1
    return max(0, data[:place].count(b"\n\x00" if width == 2 else b"\n") - 1)


def read_or_refuse(path):
    """Return the table, or None where the reader refuses the file by name."""
    try:
        return read_raw(path)
    except (InputError, FileAccessError) as error:
        if path.name not in error.text("ja") + str(error.where):
            raise
        return None


def check_changed_xls(names, found, header, rows, most):
    """Damage inside stored values changes those values, which cells may share if they are texts."""
    assert (len(names), len(found)) == (len(header), len(rows)), "another shape, and not a word"
    pairs = zip([names, *found], [header, *rows], strict=True)
    cells = [cell for pair in pairs for cell in zip(*pair, strict=True)]
    assert len({(str(a), str(b)) for a, b in cells if a != b}) <= most, "too many values changed"


def check_copy(name, damage, seed, folder):
    rng = np.random.default_rng(seed)
    copy, place = damage(good_file(name), rng)
    header, rows, remarks = original(name, folder)
    path = folder / name
    path.write_bytes(copy)
    started = time.perf_counter()
    raw = read_or_refuse(path)
    assert time.perf_counter() - started < LONGEST
    if raw is None:
        return
    names, found = [c.name for c in raw.columns], cells_of(raw)
    if (names, found) == (header, rows):
        return
    assert not GOOD[name][1], "a format with checksums gave another table"
    if remarks_of(raw) - remarks:
        return
    if name.endswith(".xls"):
        check_changed_xls(names, found, header, rows, {flip: 1, zero: 1, swap: 2}[damage])
        return
    assert len(names) == len(header), "another number of columns, and not a word"
    if damage is cut:
        assert names == header
        assert found[:-1] == rows[: len(found) - 1], "a cut changed rows above it"
        return
    before = whole_rows_before(name, good_file(name), place)
    assert found[:before] == rows[:before], "rows above the damage changed"
    assert [c.kind for c in raw.columns] == KINDS, "a column became something else"
    if damage is flip:
        assert len(found) == len(rows), "another number of rows, and not a word"
        pairs = zip([names, *found], [header, *rows], strict=True)
        changed = sum(a != b for one, other in pairs for a, b in zip(one, other, strict=True))
        assert changed == 1, "one byte changed more than one cell"


@pytest.mark.parametrize("name", GOOD)
def test_A05_C03_C07_damaged_copies_of_good_files(tmp_path, name):
    """A damaged file is refused, or read with a remark, or gives what can be known to be right.

    A workbook carries checksums: there is an error or the original table, nothing else. A text
    file has none: a digit changed into another digit is a file as good as the first, and a file
    cut at the end of a row is a shorter table. An .xls has none either, but a structure that can
    be checked: damage that lies wholly inside a stored number or text changes that one alone
    (two where two blocks are swapped), anything larger is noticed, and no cut passes.
    What must hold for a text file when nothing is remarked:
    the number of columns is the original one; a cut leaves all rows but the last as they were;
    rows that end before the first damaged byte are as they were; one flipped bit changes one
    cell (or one name) and neither the number of rows nor any other cell. Never a traceback,
    never more than ten seconds.
    """
    for seed in range(-(-N_COPIES // len(GOOD))):
        damage = DAMAGES[seed % len(DAMAGES)]
        try:
            check_copy(name, damage, seed, tmp_path)
        except Exception as error:
            error.add_note(f"copy: {name}, {damage.__name__}, seed {seed}")
            raise


WORDS = ["甲", "乙", "A型", "b c", "×", "値, 小", "p;q", 'in"ch', "二\n行", " 両端 "]
FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")


@st.composite
def tables(draw):
    n_rows = draw(st.integers(5, 30))
    numbers = st.floats(-1e9, 1e9, allow_nan=False).map(lambda v: round(v, 6) + 0.0)
    # one plain fraction a column shows the decimal mark
    column = st.lists(numbers, min_size=n_rows - 2, max_size=n_rows - 2).map(
        lambda values: [0.5, 7.25, *values]
    )
    columns = draw(st.lists(column, min_size=2, max_size=4))
    words = draw(st.lists(st.sampled_from(WORDS), min_size=n_rows, max_size=n_rows))
    return columns, words


@st.composite
def dialects(draw):
    delimiter = draw(st.sampled_from(",;\t|"))
    return {
        "delimiter": delimiter,
        "decimal": draw(st.sampled_from(".,")) if delimiter != "," else ".",
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "line_end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "encoding": draw(
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "cp932"])
        ),
        "preface": draw(st.lists(st.sampled_from(["測定日 2024年", "担当: 山田", ""]), max_size=3)),
        "units": draw(st.booleans()),
        "full_width": draw(st.booleans()),
        "last_line_end": draw(st.booleans()),
    }


def write_table(columns, words, dialect):
    buffer = io.StringIO()
    writer = csv.writer(
        buffer,
        delimiter=dialect["delimiter"],
        quoting=dialect["quoting"],
        lineterminator=dialect["line_end"],
    )
    for line in dialect["preface"]:
        buffer.write(line + dialect["line_end"])
    writer.writerow([*(f"数値{k}" for k in range(len(columns))), "種類"])
    if dialect["units"]:
        writer.writerow([*("mm" for _ in columns), "-"])
    for i, word in enumerate(words):
        # csv quotes a line end only if it is the file's own
        word = word.replace("\n", dialect["line_end"])
        texts = [f"{column[i]:.6f}".replace(".", dialect["decimal"]) for column in columns]
        if dialect["full_width"] and dialect["decimal"] == ".":
            texts[0] = texts[0].translate(FULL_WIDTH)
        writer.writerow([*texts, word])
    text = buffer.getvalue()
    text = text if dialect["last_line_end"] else text.removesuffix(dialect["line_end"])
    if dialect["encoding"] == "utf-16-be-bom":
        return b"\xfe\xff" + text.encode("utf-16-be")
    return text.encode(dialect["encoding"])


@settings(
    max_examples=N_TABLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=tables(), dialect=dialects())
def test_C01_C02_C04_C05_C06_C08_a_table_comes_back_from_any_dialect(tmp_path, table, dialect):
    columns, words = table
    file = tmp_path / "t.csv"
    file.write_bytes(write_table(columns, words, dialect))
    raw = read_raw(file)
    assert raw.source.encoding == dialect["encoding"].removesuffix("-be-bom")
    assert raw.source.delimiter == dialect["delimiter"]
    assert len(raw.columns) == len(columns) + 1
    for column, expected in zip(raw.columns, columns, strict=False):
        assert column.unit == ("mm" if dialect["units"] else None)
        np.testing.assert_array_equal(column.numbers(), expected)
    assert raw.columns[-1].labels().tolist() == [
        word.strip().replace("\n", dialect["line_end"]) for word in words
    ]
    repaired = "R109" in {e.message.code for e in raw.columns[0].entries}
    assert repaired == (dialect["full_width"] and dialect["decimal"] == ".")


def test_the_full_width_digits_of_this_test_are_what_they_seem():
    assert unicodedata.normalize("NFKC", "-12.5".translate(FULL_WIDTH)) == "-12.5"
