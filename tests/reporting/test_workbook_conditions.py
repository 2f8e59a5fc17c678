"""The sheet of new conditions: what is filled in is what is predicted, whatever the columns."""

from __future__ import annotations

import csv

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ntkreg.io import align
from ntkreg.io.raw import read_raw
from ntkreg.reporting import write_workbook
from ntkreg.reporting.workbook.conditions import HEADER_ROW
from ntkreg.study import predict_file, run_study, write_predictions

HOSTILE = ("=1+1", "<b>", "_x_", "No.", "条件/温度[℃]", "長い" * 300)


@pytest.fixture(scope="module")
def written(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "results.xlsx"
    write_workbook(content, path, "ja")
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Return a study of columns with awkward names, and its workbook."""
    folder = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(40, len(HOSTILE) - 1)).round(2)
    levels = np.array(["=1+1", "007", '乙, "丙"'])[rng.integers(3, size=40)]
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*HOSTILE, "y"])
        writer.writerows([*x, a, x[0] + x[1]] for x, a in zip(numbers, levels, strict=True))
    study = run_study(folder / "t.csv", "y", names=("ridge", "mean"), profiler=False)
    write_workbook(study.content, folder / "results.xlsx", "en")
    return study, folder / "results.xlsx"


def filled(path, rows, sheet, *, keep_typical=True):
    """Fill rows below the typical one, or in its place, with empty rows between them."""
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
    book.save(path.with_name("filled.xlsx"))
    return path.with_name("filled.xlsx")


@pytest.mark.parametrize("sheet", ["new conditions", None])
def test_what_is_filled_in_is_predicted_as_the_frame_is(hostile, sheet):
    study, path = hostile
    frame = study.content.dataset.features.iloc[[3, 7]]
    found = predict_file(study.model, filled(path, frame.to_numpy(), "new conditions"), sheet=sheet)
    expected = study.model.estimator.predict(frame)
    assert len(found.rows.prediction) == 3
    np.testing.assert_allclose(found.rows.prediction[1:], expected, rtol=1e-12)
    assert {entry.message.code for entry in found.ledger.of("warning")} <= {"W188"}


def test_the_answer_is_a_workbook_with_the_same_columns(hostile, tmp_path):
    study, path = hostile
    frame = study.content.dataset.features.iloc[[3, 7]]
    found = predict_file(study.model, filled(path, frame.to_numpy(), "new conditions"))
    write_predictions(found, tmp_path / "p.xlsx", "ja")
    page = openpyxl.load_workbook(tmp_path / "p.xlsx").active
    names = [cell.value for cell in page[1]]
    label = "No.*"
    assert names == [label, *HOSTILE, "prediction", "lower", "upper", "in_domain", "note"]
    assert (page.freeze_panes, page["A1"].font.name) == ("A2", "Yu Gothic")
    assert page.cell(3, names.index("prediction") + 1).value == found.rows.prediction[1]
    assert page.cell(3, names.index("lower") + 1).number_format.startswith("#,##0")


@pytest.mark.parametrize("keep_typical", [True, False])
def test_units_that_stand_apart_stay_units(content, written, keep_typical):
    dataset = content.dataset
    rows = dataset.features.iloc[[5, 8]].to_numpy()
    path = filled(written, rows, "新しい条件", keep_typical=keep_typical)
    raw = read_raw(path, sheet="新しい条件")
    aligned = align(raw, dataset.columns)
    assert raw.n_rows == 2 + keep_typical
    np.testing.assert_allclose(aligned.features.iloc[-2:, :-1], rows[:, :-1].astype(float))
    assert aligned.features.iloc[-2:, -1].tolist() == rows[:, -1].tolist()
    assert raw.source.header_rows == (HEADER_ROW, HEADER_ROW + 1)
    assert not aligned.ledger.of("warning")


def test_the_first_row_is_typical(content, written):
    dataset = content.dataset
    row = align(read_raw(written, sheet="新しい条件"), dataset.columns).features.iloc[0]
    assert row["f0"] == dataset.features["f0"].median() or np.isclose(
        row["f0"], dataset.feature_columns[0].median
    )
    assert row.iloc[-1] == dataset.features.iloc[:, -1].mode()[0]


def test_cells_warn_of_what_the_model_has_not_seen(content, written):
    book = openpyxl.load_workbook(written)
    rules = book["新しい条件"].data_validations.dataValidation
    columns = content.dataset.feature_columns
    assert len(rules) == len(columns)
    assert {rule.errorStyle for rule in rules} == {"warning"}
    assert (float(rules[0].formula1), float(rules[0].formula2)) == (
        columns[0].minimum,
        columns[0].maximum,
    )
    assert rules[-1].formula1 == "'lists'!$A$1:$A$3"
    assert [cell.value for cell in book["lists"]["A"]] == list(columns[-1].levels)


def test_one_column_alone_is_read_as_well(tmp_path):
    rows = "".join(f"{x / 7:.3f},{x}\n" for x in range(30))
    (tmp_path / "t.csv").write_text("x,y\n" + rows, encoding="utf-8")
    study = run_study(tmp_path / "t.csv", "y", names=("ridge", "mean"), profiler=False)
    write_workbook(study.content, tmp_path / "results.xlsx", "ja")
    path = filled(tmp_path / "results.xlsx", [[1.5], [2.5]], "新しい条件")
    found = predict_file(study.model, path, sheet="新しい条件")
    expected = study.model.estimator.predict(pd.DataFrame({"f0": [1.5, 2.5]}))
    np.testing.assert_allclose(found.rows.prediction[1:], expected)
