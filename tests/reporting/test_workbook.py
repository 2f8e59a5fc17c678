"""The workbook: every number arrives, and no text turns into a formula."""

from __future__ import annotations

import dataclasses

import numpy as np
import openpyxl
import pytest

from ntkreg.inspection.results import Expectation
from ntkreg.io.ledger import Ledger, LedgerEntry
from ntkreg.messages import LANGUAGES, Sentence
from ntkreg.reporting import write_workbook
from ntkreg.reporting.workbook.cells import looks_like_formula, safe_text, sheet_title

DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝１", "＋1", "－1", "＠A", "−1")


@pytest.fixture(scope="module")
def book(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "results.xlsx"
    write_workbook(content, path, "en")
    return openpyxl.load_workbook(path)


def column(sheet, title):
    index = next(cell.column for cell in sheet[1] if cell.value.startswith(title))
    return [row[index - 1].value for row in sheet.iter_rows(min_row=2)]


def test_the_sheets_are_there_with_frozen_headers(book):
    assert book.sheetnames == [
        "leaderboard", "folds", "predictions", "attributions",
        "knowledge", "prescription", "regime", "ledger", "settings",
    ]  # fmt: skip
    assert all(sheet.freeze_panes == "A2" for sheet in book)


def test_predictions_come_back_row_by_row(book, content):
    sheet = book["predictions"]
    assert column(sheet, "Row in file") == content.dataset.row_numbers.tolist()
    assert np.allclose(column(sheet, "Actual"), content.dataset.y)
    mean = content.benchmark.of("ntk").predictions.mean(axis=0)
    assert np.allclose(column(sheet, "NTK network"), mean)
    lower, upper = column(sheet, "90 % interval, lower"), column(sheet, "90 % interval, upper")
    assert np.allclose(np.subtract(upper, lower), 2 * content.decisions.half_widths)
    stated = column(sheet, "Probability out of specification")
    assert np.allclose(stated, content.decisions.specification.probability)
    assert column(sheet, "Note")[-1].startswith("Outside the training data:")


def test_attributions_and_base_add_up_to_the_prediction(book):
    for row in book["attributions"].iter_rows(min_row=2, values_only=True):
        assert row[2] + sum(row[4:]) == pytest.approx(row[3], abs=1e-9)


def test_folds_hold_every_score(book, content):
    rmse = [s.rmse for r in content.benchmark.results for s in r.fold_scores]
    assert np.allclose(column(book["folds"], "RMSE"), rmse)


def test_the_regime_has_a_row_for_every_set_of_rows_and_width(book, content):
    sheet, regime = book["regime"], content.regime
    assert column(sheet, "Width") == [256, 64, 256, 1024]
    gaps = [regime.regime.gaps, *(p.gaps for p in regime.over_width.points)]
    assert np.allclose(column(sheet, "Mean of the networks – inf"), [g.kernel for g in gaps])
    assert column(sheet, "Change of own kernel")[0] == regime.regime.kernel_drift


def test_rows_that_are_never_tested_stay_empty(build, tmp_path):
    content = build(48, 5)
    results = [
        dataclasses.replace(r, predictions=np.where(np.arange(48) < 5, np.nan, r.predictions))
        for r in content.benchmark.results
    ]
    benchmark = dataclasses.replace(content.benchmark, results=tuple(results))
    write_workbook(dataclasses.replace(content, benchmark=benchmark), tmp_path / "r.xlsx", "en")
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["predictions"]
    assert column(sheet, "NTK network")[:5] == [None] * 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_becomes_a_formula(build, tmp_path, language):
    entries = tuple(
        LedgerEntry("repair", Sentence("V000", {"text": t}), t, 1, t, 1, t, t) for t in DANGEROUS
    )
    content = build(48, 5)
    verdicts = tuple(
        dataclasses.replace(content.knowledge[0], expectation=Expectation(t, "none", t))
        for t in DANGEROUS
    )
    dataset = dataclasses.replace(content.dataset, ledger=Ledger(entries))
    hostile = dataclasses.replace(content, dataset=dataset, knowledge=verdicts)
    write_workbook(hostile, tmp_path / "r.xlsx", language)
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert "f" not in {c.data_type for c in cells}
    texts = [c for c in cells if isinstance(c.value, str) and looks_like_formula(c.value)]
    assert {"=1+1", "＝１", "@SUM(A1)"} <= {c.value for c in texts}
    assert all(c.data_type == "s" and c.quotePrefix for c in texts)


@pytest.mark.parametrize("text", DANGEROUS)
def test_dangerous_beginnings_are_recognised(text):
    assert looks_like_formula(text)


def test_ordinary_text_is_left_alone():
    assert not looks_like_formula("温度 = 80")
    assert safe_text("a\x00b") == "a\ufffdb"
    assert len(safe_text("長" * 40_000)) == 32_767


def test_sheet_titles_are_legal():
    assert sheet_title("a/b:c[d]*?" + "x" * 40) == "a b c d" + "   " + "x" * 21


def test_same_content_gives_the_same_bytes(content, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(content, tmp_path / name, "ja")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
