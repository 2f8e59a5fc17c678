"""The sheet of new conditions: what is filled in is what is predicted, whatever the columns."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import openpyxl
import pytest

from ntkreg.io import align
from ntkreg.io.raw import read_raw
from ntkreg.reporting import write_workbook
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.conditions import HEADER_ROW, conditions
from ntkreg.reporting.workbook.layout import new_book
from ntkreg.study import predict_file, run_study, write_predictions

HOSTILE = ("=1+1", "<b>", "_x_", "No.", "条件/温度[℃]", "長い" * 300)
LEVELS = ("=1+1", "007", '乙, "丙"')


def write_sheet(content, path):
    """Write the sheet without all the others, which take seconds."""
    book = new_book("ja")
    conditions(book, View(content, "ja"), path.name)
    book.save(path)
    return path


def fill(path, rows, sheet, *, keep_typical=True):
    """Fill in rows below the typical one, with empty rows between them."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    first = next(r for r in range(HEADER_ROW + 1, HEADER_ROW + 3) if page.cell(r, 1).value == 1)
    if not keep_typical:
        for cell in page[first]:
            cell.value = None
    for i, row in enumerate(rows):
        for k, value in enumerate(row, 2):
            cell = page.cell(first + 1 + 2 * i, k)
            cell.value = value
            cell.data_type = "s" if isinstance(value, str) else cell.data_type
    book.save(path)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Return a study of columns with awkward names, its workbook filled in, and what with."""
    folder = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(40, len(HOSTILE))).round(2)
    levels = np.array(LEVELS)[rng.integers(3, size=40)]
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*HOSTILE, "y"])
        writer.writerows([*x[:-1], a, x[0] + x[-1]] for x, a in zip(numbers, levels, strict=True))
    study = run_study(folder / "t.csv", "y", names=("ridge", "mean"), profiler=False)
    path = folder / "results.xlsx"
    write_workbook(study.content, path, "en")
    frame = study.content.dataset.features.iloc[[3, 7]]
    return study, fill(path, frame.to_numpy(), "new conditions"), frame


@pytest.mark.parametrize("sheet", ["new conditions", None])
def test_what_is_filled_in_is_predicted_as_the_frame_is(hostile, sheet, tmp_path):
    study, path, frame = hostile
    found = predict_file(study.model, path, sheet=sheet)
    assert len(found.rows.prediction) == 3
    expected = study.model.estimator.predict(frame)
    np.testing.assert_allclose(found.rows.prediction[1:], expected, rtol=1e-12)
    # without a name the sheet is found behind the summary, and that is said
    codes = {entry.message.code for entry in found.ledger.of("warning")}
    assert codes == (set() if sheet else {"W188"})
    write_predictions(found, tmp_path / "p.xlsx", "ja")
    page = openpyxl.load_workbook(tmp_path / "p.xlsx").active
    names = [cell.value for cell in page[1]]
    assert names == ["No.*", *HOSTILE, "prediction", "lower", "upper", "in_domain", "note"]
    assert (page.freeze_panes, page["A1"].font.name) == ("A2", "Yu Gothic")
    assert page.cell(3, names.index("prediction") + 1).value == found.rows.prediction[1]
    assert page.cell(3, names.index("lower") + 1).number_format == "#,##0.00"


@pytest.mark.parametrize("keep_typical", [True, False])
def test_units_that_stand_apart_stay_units(content, tmp_path, keep_typical):
    dataset = content.dataset
    rows = dataset.features.iloc[[5, 8]].to_numpy()
    path = write_sheet(content, tmp_path / "r.xlsx")
    fill(path, rows, "新しい条件", keep_typical=keep_typical)
    raw = read_raw(path, sheet="新しい条件")
    aligned = align(raw, dataset.columns)
    assert raw.n_rows == 2 + keep_typical
    np.testing.assert_allclose(aligned.features.iloc[-2:, :-1], rows[:, :-1].astype(float))
    assert aligned.features.iloc[-2:, -1].tolist() == rows[:, -1].tolist()
    assert raw.source.header_rows == (HEADER_ROW, HEADER_ROW + 1)
    assert not aligned.ledger.of("warning")


def test_the_first_row_is_typical(content, tmp_path):
    dataset = content.dataset
    raw = read_raw(write_sheet(content, tmp_path / "r.xlsx"))
    row = align(raw, dataset.columns).features.iloc[0]
    medians = [column.median for column in dataset.feature_columns[:-1]]
    np.testing.assert_allclose(row.iloc[:-1].astype(float), medians)
    assert row.iloc[-1] == dataset.features.iloc[:, -1].mode()[0]


@pytest.mark.parametrize("index", [0, -1])
def test_one_column_alone_is_read_as_well(content, tmp_path, index):
    dataset = content.dataset
    only = dataset.feature_columns[index]
    alone = dataclasses.replace(
        dataset, columns=(only, dataset.target), features=dataset.features[[only.key]]
    )
    path = write_sheet(dataclasses.replace(content, dataset=alone), tmp_path / "r.xlsx")
    values = dataset.features[only.key].iloc[[1, 2]].tolist()
    raw = read_raw(fill(path, [[value] for value in values], "新しい条件"))
    found = align(raw, alone.columns).features[only.key].iloc[1:].tolist()
    assert found == (values if index else pytest.approx(values))


def test_cells_warn_of_what_the_model_has_not_seen(content, tmp_path):
    book = openpyxl.load_workbook(write_sheet(content, tmp_path / "r.xlsx"))
    rules = book["新しい条件"].data_validations.dataValidation
    columns = content.dataset.feature_columns
    assert len(rules) == len(columns)
    assert {rule.errorStyle for rule in rules} == {"warning"}
    ends = (float(rules[0].formula1), float(rules[0].formula2))
    assert ends == (columns[0].minimum, columns[0].maximum)
    assert rules[-1].formula1 == "'lists'!$A$1:$A$3"
    assert [cell.value for cell in book["lists"]["A"]] == list(columns[-1].levels)
