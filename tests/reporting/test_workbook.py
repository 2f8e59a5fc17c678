"""The workbook: every number arrives, and no text turns into a formula."""

from __future__ import annotations

import dataclasses
import zipfile

import numpy as np
import openpyxl
import pytest
from defusedxml import ElementTree

from ntkreg.inspection.attribution.interactions import Interaction
from ntkreg.inspection.results import Expectation
from ntkreg.io.ledger import Ledger, LedgerEntry
from ntkreg.messages import LANGUAGES, Sentence
from ntkreg.reporting import write_workbook
from ntkreg.reporting.workbook.cells import looks_like_formula, safe_text, sheet_title
from ntkreg.reporting.workbook.formats import decimals_of
from ntkreg.reporting.workbook.layout import lines_needed

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
        "summary", "charts", "new conditions", "lists",
        "leaderboard", "folds", "predictions", "attributions", "importance", "coverage",
        "knowledge", "prescription", "regime", "columns", "ledger", "settings",
    ]  # fmt: skip
    frozen = {sheet.title: sheet.freeze_panes for sheet in book.worksheets[4:]}
    wide = {"predictions": "C2", "attributions": "D2"}
    assert frozen == dict.fromkeys(frozen, "A2") | wide
    assert book["lists"].sheet_state == "hidden"


def test_every_table_prints_across_with_its_header_on_each_page(book):
    for sheet in book.worksheets[4:]:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$1"


def test_the_summary_says_the_verdict_and_leads_to_every_sheet(book, content):
    cells = [cell for row in book["summary"].iter_rows() for cell in row if cell.value is not None]
    texts = [cell.value for cell in cells]
    assert all(sentence.text("en") in texts for sentence in content.benchmark.verdict)
    assert texts[texts.index("Lower specification limit [MPa]") + 1] == 46
    links = [cell.hyperlink.location for cell in cells if cell.hyperlink]
    shown = [sheet.title for sheet in book if sheet.sheet_state == "visible"]
    assert [link.partition("!")[0].strip("'") for link in links] == shown[1:]


def test_charts_are_native_and_draw_the_numbers_of_the_sheets(book):
    charts = book["charts"]._charts
    assert [type(chart).__name__ for chart in charts] == ["ScatterChart"] * 2 + ["BarChart"] * 2
    assert not any(axis.delete for c in charts for axis in (c.x_axis, c.y_axis))
    named = [s.tx.v for chart in charts for s in chart.series]
    assert named == [
        "Actual", "predicted = actual", "Residual", "RMSE", "NTK network", "LightGBM"
    ]  # fmt: skip
    diagonal = charts[0].series[1]
    assert diagonal.xVal.numRef.f == diagonal.yVal.numRef.f
    assert charts[3].series[0].val.numRef.f.startswith("'importance'!")


def test_importance_is_sorted_and_says_where_models_differ(book, content):
    sheet, sizes = book["importance"], content.explanations[0].importance
    assert np.allclose(column(sheet, "Mean |SHAP| [MPa]: NTK"), sorted(sizes, reverse=True))
    marks = column(sheet, "Result")
    assert set(marks) <= {"same", "differs", "hardly used"}
    assert [note is not None for note in column(sheet, "Note")] == [m == "differs" for m in marks]


def test_pairs_of_columns_have_a_row_each(content, tmp_path):
    pairs = (Interaction("ntk", 3, 0, 0.2, 0.11, 0.05, 0.3, ()),)
    found = dataclasses.replace(content, interactions=pairs)
    write_workbook(found, tmp_path / "r.xlsx", "en")
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["pairs"]
    assert [c.value for c in sheet[2]][3:] == [0.2, 0.11, 0.05, 0.3]
    assert sheet["E2"].number_format == "0.0%"


def test_coverage_counts_rows_inside_and_out_of_specification(book, content):
    sheet, decided = book["coverage"], content.decisions
    counts = [decided.covered, decided.covered_hard]
    assert column(sheet, "Rows counted")[:2] == [count.hits for count in counts]
    assert np.allclose(column(sheet, "95 % lower")[:2], [count.low for count in counts])
    assert column(sheet, "of rows")[3] == decided.specification.n_bad


def test_numbers_have_the_digits_that_the_target_is_worth(book):
    row = {cell.value: book["predictions"].cell(2, cell.column) for cell in book["predictions"][1]}
    assert row["Actual [MPa]"].number_format == "#,##0.0000"
    assert decimals_of(np.array([12.5, 100.0])) == 1
    assert decimals_of(np.array([3e6, 1e6])) == 0


def test_the_font_of_the_language_is_that_of_every_cell(content, book, tmp_path):
    write_workbook(content, tmp_path / "r.xlsx", "ja")
    japanese = openpyxl.load_workbook(tmp_path / "r.xlsx")
    for found, name in ((book, "Calibri"), (japanese, "Yu Gothic")):
        used = {c.font.name for sheet in found for row in sheet.iter_rows() for c in row}
        assert used == {name}


def test_a_text_wider_than_its_column_gets_lines_and_height(book):
    sheet = book["ledger"]
    cells = [c for row in sheet.iter_rows(min_row=2) for c in row if isinstance(c.value, str)]
    assert all(c.alignment.indent == 1 for c in cells)
    assert lines_needed("全角文字" * 10, 40) == 2


def test_no_user_and_no_machine_is_named(book):
    assert book.properties.creator == "ntkreg"
    assert book.properties.lastModifiedBy is None
    assert book.properties.title == "Prediction report: 引張強度[MPa]"


def test_predictions_come_back_row_by_row(book, content):
    sheet = book["predictions"]
    assert set(column(sheet, "Sheet")) == {"測定値"}
    assert column(sheet, "Row in file") == content.dataset.row_numbers.tolist()
    assert np.allclose(column(sheet, "Actual"), content.dataset.y)
    mean = content.benchmark.of("ntk").predictions.mean(axis=0)
    assert np.allclose(column(sheet, "NTK network"), mean)
    lower, upper = column(sheet, "90 % interval, lower"), column(sheet, "90 % interval, upper")
    assert np.allclose(np.subtract(upper, lower), 2 * content.decisions.half_widths)
    stated = column(sheet, "Probability out of specification")
    assert np.allclose(stated, content.decisions.specification.probability)
    assert column(sheet, "Note")[-1].startswith("Outside the training data:")
    inside = ["inside" if k else "extrapolation" for k in content.in_domain]
    assert column(sheet, "Domain") == inside
    found = content.explanations[0]
    shapley = np.array(column(sheet, "SHAP: 保圧[MPa]"), dtype=float)
    assert np.allclose(shapley[found.rows], found.values[:, 3])


def test_attributions_and_base_add_up_to_the_prediction(book):
    for row in book["attributions"].iter_rows(min_row=2, values_only=True):
        assert row[1] == "測定値"
        assert row[3] + sum(row[5:]) == pytest.approx(row[4], abs=1e-9)


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
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
        write_workbook(content, folder / "r.xlsx", "ja")
    first, second = ((folder / "r.xlsx").read_bytes() for folder in folders)
    assert first == second


def test_every_part_is_well_formed(content, tmp_path):
    write_workbook(content, tmp_path / "r.xlsx", "ja")
    with zipfile.ZipFile(tmp_path / "r.xlsx") as archive:
        assert all(ElementTree.fromstring(archive.read(name)).tag for name in archive.namelist())
