"""The fast road for clean text files gives what the slow one gives."""

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw, read_table
from ntkreg.io.cells.readings import read_numbers
from ntkreg.io.files import alike, clean, lazy, words

ODD = (
    *("007", "00", "0", "-0", "1e5", "1E5", "+3", " 3", "3 ", "\t3", ".5", "5.", "1_000", "0x10"),
    *(
        "inf",
        "-inf",
        "nan",
        "NA",
        "-",
        "--",
        "",
        " ",
        "\u3000",
        "１２",
        "１２，５",
        "1e400",
        "1e-400",
    ),
    *("0.1234567890123456789", "123456789012345678901234567890", "<0.01", "25℃", "12:30", "TRUE"),
    *(
        "2024-01-05",
        "05/01/2024",
        "合計",
        "#N/A",
        "-9999",
        "1,5",
        "1 234",
        "x y",
        "ﾛｯﾄ",
        "n/a",
        "1d5",
    ),
    *(
        '"5"',
        '"a b"',
        'a"b',
        '" a"',
        '"a ',
        '"a""b"',
        '""',
        '"a\nb"',
        '""""',
        ' "a"',
        "'5",
        "5%",
        "a\x0bb",
        "\ufeff5",
        "-5-",
        "9" * 20,
    ),
)
EDGES = (
    "",
    "Trial 3",
    "Date;2024",
    "[EOF]",
    "合計,1,2,3",
    "注1 as measured",
    ",,,",
    "1,2",
    "a,b,c,d,e,f",
)


@pytest.fixture(autouse=True)
def _small_files(monkeypatch):
    """Let the fast road take files of a few lines, and look lines up one by one."""
    for name, value in {"HEAD_LINES": 4, "TAIL_LINES": 2, "MIN_LINES": 0}.items():
        monkeypatch.setattr(clean, name, value)
    monkeypatch.setattr(alike, "CHUNK_BYTES", 60)
    for module in (lazy, words):
        monkeypatch.setattr(module, "_FEW", 3)


def facts(path, target):
    """All that a file gives, as text; an error gives its message."""
    try:
        raw = read_raw(path)
        facts = [raw.source, raw.row_numbers.tolist(), raw.ledger]
        for column in raw.columns:
            readings = column.readings
            repairs = {name: rows.tolist() for name, rows in readings.repairs.items()}
            facts += [column.name, column.unit, column.kind, column.decimal, column.entries]
            facts += [np.asarray(column.cells).tolist(), column.labels().tolist(), repairs]
            facts += [readings.values.tolist(), readings.status.tolist(), readings.units]
        if target and raw.columns:
            data = read_table(path, target=raw.columns[-1].name)
            facts += [data.columns, data.features.to_dict("list"), data.y.tolist(), data.ledger]
    except InputError as error:
        return [type(error).__name__, str(error)]
    return [repr(fact) for fact in facts]


def both(path, monkeypatch, target=False):
    """What the fast and the slow road give, and whether the fast one was gone."""
    taken = []

    def watched(*args, **kwargs):
        result = clean.read_clean(*args, **kwargs)
        taken.append(result is not None)
        return result

    monkeypatch.setattr("ntkreg.io.files.text.read_clean", watched)
    fast = facts(path, target)
    monkeypatch.setattr("ntkreg.io.files.text.read_clean", lambda *_, **__: None)
    slow = facts(path, target)
    monkeypatch.undo()
    return fast, slow, bool(taken) and taken[0]


def make(seed):
    """Bytes of a table that is clean but for what chance puts into it."""
    rng = random.Random(seed)
    n_rows, n_columns = rng.randrange(8, 40), rng.randrange(2, 6)
    delimiter = rng.choice(",,;\t|")
    kinds = [
        rng.choice(["float", "whole", "run", "word", "date", "led", "full"])
        for _ in range(n_columns)
    ]
    rows = [[cell(kind, i, rng) for kind in kinds] for i in range(n_rows)]
    if rng.random() < 0.2:
        rows = [[c.replace(".", ",") for c in row] for row in rows]
    quoted = {"word", "date", "led", "full"} if rng.random() < 0.3 else set()
    rows = [
        [f'"{c}"' if kind in quoted else c for c, kind in zip(row, kinds, strict=True)]
        for row in rows
    ]
    for _ in range(rng.choice([0, 0, 1, 2])):
        rows[rng.randrange(n_rows)][rng.randrange(n_columns)] = rng.choice(ODD)
    lines = [delimiter.join(row) for row in rows]
    names = [rng.choice(["x", "No", "温度[℃]", "lot", ""]) + str(j) for j in range(n_columns)]
    lines.insert(0, delimiter.join(names))
    for chance, place in ((0.1, 0), (0.15, len(lines)), (0.1, rng.randrange(len(lines)))):
        if rng.random() < chance:
            lines.insert(place, rng.choice(EDGES).replace(",", delimiter))
    if rng.random() < 0.1:
        lines.insert(0, f"sep={delimiter}")
    if rng.random() < 0.1:
        lines = [line + delimiter for line in lines]
    end = rng.choice(["\n", "\n", "\n", "\r\n", "\r\n", "\r"])
    text = end.join(lines) + rng.choice([end, end, "", end + end, "\x1a"])
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "cp932", "utf-16"])
    return text.encode(encoding, "replace")


def cell(kind, i, rng):
    """One cell of a column."""
    if rng.random() < 0.03:
        return ""
    return {
        "float": f"{rng.gauss(0, 1):.3f}",
        "whole": str(rng.randrange(-3, 9)),
        "run": str(i + 1),
        "word": rng.choice(["left", "右", "OK", "no"]),
        "date": f"2024/{1 + i % 12}/{1 + i % 28}",
        "led": f"{rng.randrange(200):03d}",
        "full": repr(rng.gauss(0, 1) * 10.0 ** rng.randrange(-30, 30)),
    }[kind]


@settings(max_examples=100, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.integers(0, 2**40))
def test_both_roads_read_the_same(tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "clean.csv"
    path.write_bytes(make(seed))
    with pytest.MonkeyPatch.context() as patch:
        fast, slow, _ = both(path, patch, target=seed % 3 == 0)
    assert fast == slow


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_cell_deep_in_a_file_is_read_as_on_the_slow_road(tmp_path, monkeypatch, odd):
    lines = [f"{i / 8},{i},{'left' if i % 2 else 'right'}" for i in range(40)]
    lines[23] = f"{odd},5,left"
    lines[29] = f"0.5,{odd},right"
    path = tmp_path / "t.csv"
    path.write_text("x,n,side\n" + "\n".join(lines) + "\n", encoding="utf-8")
    fast, slow, taken = both(path, monkeypatch)
    assert fast == slow
    assert taken == (odd in ('"5"', '"a b"', '""') or not set('",') & set(odd))


@pytest.mark.parametrize("middle", ["", "1,2", "1,2,3,4", "x,y,z", '"1",2,3', "1,2,3\r4,5,6"])
def test_an_odd_line_deep_in_a_file_is_read_as_on_the_slow_road(tmp_path, monkeypatch, middle):
    lines = [f"{i / 8},{i},{i % 3}" for i in range(40)]
    lines.insert(22, middle)
    path = tmp_path / "t.csv"
    path.write_bytes(("a,b,c\n" + "\n".join(lines) + "\n").encode())
    fast, slow, taken = both(path, monkeypatch)
    assert fast == slow
    assert taken == (middle in ("x,y,z", '"1",2,3'))


@pytest.mark.parametrize(
    ("name", "taken"),
    [("left", True), ("a b ", True), ("", True), ("右", True), ("a,b", False), (" a", False),
     ("\ta", False), ('5""', False), ("a\nb", False), ("a\rb", False)],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quotes_that_only_wrap_fields_take_the_fast_road(tmp_path, monkeypatch, name, taken, end):
    lines = [f'"{name}",{i / 8},"{"right" if i % 2 else name}","0{i}"' for i in range(40)]
    path = tmp_path / "t.csv"
    path.write_text('"side, of it",x,"y",z' + end + end.join(lines) + end, newline="")
    fast, slow, went = both(path, monkeypatch)
    assert (fast, went) == (slow, taken)


def test_a_line_too_long_within_the_sample_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(alike, "CHUNK_BYTES", 1 << 20)
    lines = [f"{i},{i},{i}" if i != 30 else "1,2,3,4" for i in range(90)]
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n" + "\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"Row 32 of .* has more fields"):
        read_raw(path)


def test_numbers_are_those_of_float_bit_by_bit(tmp_path):
    rng = np.random.default_rng(3)
    texts = [repr(float(v)) for v in rng.integers(0, 2**63, 400).view(np.float64) if np.isfinite(v)]
    texts += [f"{v:.{k % 22}f}" for k, v in enumerate(rng.normal(size=400))] + ["-0"] * 9
    path = tmp_path / "t.csv"
    path.write_text("x,y,z\n" + "".join(f"{t},{i},-0\n" for i, t in enumerate(texts)))
    columns = read_raw(path).columns
    assert isinstance(columns[0].cells, lazy.LazyColumn)
    expected = np.array([float(text) for text in texts])
    assert columns[0].numbers().tobytes() == expected.tobytes()
    assert np.signbit(columns[2].numbers()).all()
    assert read_numbers(np.array(texts, dtype=object)).values.tobytes() == expected.tobytes()
    assert np.signbit(read_numbers(np.array(["-0", "-0"], dtype=object)).values).all()


def test_a_clean_file_keeps_no_text_of_its_numbers(tmp_path):
    path = tmp_path / "t.csv"
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
    table.to_csv(path, index=False)
    raw = read_raw(path)
    assert all(isinstance(column.cells, lazy.LazyColumn) for column in raw.columns)
    assert raw.columns[1].cells[33] == repr(float(table["b"][33]))
    assert pd.DataFrame({"a": raw.columns[0].cells})["a"].tolist() == [
        *map(repr, table["a"].tolist())
    ]


def test_a_table_of_texts_to_come_answers_as_an_array_does():
    body = "".join(f"{i},{i / 2},w{i % 3}\n" for i in range(30))
    table, _ = clean.read_clean(("a,b,c\n" + body).encode(), ",")
    texts = np.asarray(table)
    rows, some = np.arange(3, 29), np.array([0, 9, 30, 12, 30])
    assert isinstance(table[rows], lazy.LazyTable)
    for key in (
        *(5, -1, (7, 1), (slice(2, 30), 1), (rows, 1), (some, 2), some, rows, (rows, slice(1, 3))),
        *(np.ix_(rows, [2, 0]), (some, [0, 1, 2, 0, 1]), slice(None, -1), (9, [0, 2])),
    ):
        np.testing.assert_array_equal(np.asarray(table[key]), texts[key])
    column = table[:, 0]
    for key in (4, slice(3, 20), some, [True, False] * 15 + [True]):
        np.testing.assert_array_equal(np.asarray(column[key]), texts[:, 0][key])
    for word in ("a", "7", "", "x"):
        np.testing.assert_array_equal(column == word, texts[:, 0] == word)
    assert column.tolist() == texts[:, 0].tolist() == list(column) == column.copy().tolist()
    assert (table.ndim, table.size, len(column.ravel())) == (2, 93, 31)


@pytest.mark.parametrize("row", [6, 60])
def test_C07_a_line_with_too_many_fields_near_the_head_is_no_accident(tmp_path, row):
    lines = ["a,b,y", *(f"{i},{i * 7 % 13},{i * 37 % 101}" for i in range(100))]
    lines[row - 1] += ",9"
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=f"Row {row} of t.csv has more fields than the 3"):
        read_raw(tmp_path / "t.csv")
