"""Whatever the dialect, a table comes back as it was written."""

import csv
import io

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntkreg.io import read_raw

LEVELS = ["甲", "乙", "A型", "b c", "×", "値, 小", "p;q", 'in"ch']


@st.composite
def tables(draw):
    n_rows = draw(st.integers(4, 30))
    numbers = st.floats(-1e9, 1e9, allow_nan=False).map(lambda v: round(v, 6) + 0.0)
    first = [0.5, *draw(st.lists(numbers, min_size=n_rows - 1, max_size=n_rows - 1))]
    column = st.lists(numbers, min_size=n_rows, max_size=n_rows)
    columns = [first, *draw(st.lists(column, min_size=1, max_size=3))]
    words = draw(st.lists(st.sampled_from(LEVELS), min_size=n_rows, max_size=n_rows))
    return columns, words


def _write(columns, words, dialect, line_end):
    delimiter, decimal = dialect
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end)
    writer.writerow([*(f"数値{k}[mm]" for k in range(len(columns))), "種類"])
    for k, word in enumerate(words):
        texts = [f"{column[k]:.6f}".replace(".", decimal) for column in columns]
        writer.writerow([*texts, word])
    return buffer.getvalue()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=tables(),
    dialect=st.sampled_from(
        [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", ".")]
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_table_comes_back_from_any_dialect(tmp_path, table, dialect, encoding, line_end):
    columns, words = table
    file = tmp_path / "t.csv"
    file.write_bytes(_write(columns, words, dialect, line_end).encode(encoding))
    raw = read_raw(file)
    assert (raw.source.encoding, raw.source.delimiter) == (encoding, dialect[0])
    for column, expected in zip(raw.columns, columns, strict=False):
        assert column.unit == "mm"
        np.testing.assert_array_equal(column.numbers(), expected)
    assert raw.columns[-1].labels().tolist() == words
