"""The sheet of charts: native ones, which draw the numbers of the other sheets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ntkreg.reporting.text import with_unit
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.layout import FONTS, prepare_print

# a spreadsheet program grows slow with more points
MAX_POINTS = 3000
MAX_BARS = 15
SIZE = (16.5, 9.6)
# the sheet's cells of usual size below one chart
_CELLS = ("A1", "J1", "A21", "J21")
DOTS, LINE, SECOND, GRID = "1C5D99", "7A8791", "D9822B", "D9DEE3"


def charts(sheet: Any, view: View, book: Any) -> None:
    """Draw held-out predictions, residuals, errors of the models and effects of the columns.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        An empty sheet.
    view : View
    book : openpyxl.Workbook
        With the sheets of numbers filled in.
    """
    drawn = [
        _scatter(view, book),
        _residuals(view, book),
        _errors(view, book),
        _effects(view, book),
    ]
    for place, chart in zip(_CELLS, (c for c in drawn if c is not None), strict=False):
        chart.width, chart.height = SIZE
        sheet.add_chart(chart, place)
    sheet.sheet_view.showGridLines = False
    prepare_print(sheet)
    sheet.page_setup.fitToHeight = 1


def _sheet(view: View, book: Any, name: str) -> Any:
    title = view.t["workbook"][name]
    return book[title] if title in book.sheetnames else None


def _column(sheet: Any, title: str) -> int:
    return next(int(cell.column) for cell in sheet[1] if cell.value == title)


def _reference(sheet: Any, column: int, n_rows: int) -> Any:
    from openpyxl.chart import Reference

    return Reference(sheet, min_col=column, min_row=2, max_row=n_rows + 1)


def _scatter(view: View, book: Any) -> Any:
    from openpyxl.chart import ScatterChart, Series

    t, sheet = view.t["accuracy"], _sheet(view, book, "predictions")
    data = view.content.dataset
    n_rows = min(data.n_rows, MAX_POINTS)
    actual = _column(sheet, with_unit(view.t["workbook"]["actual"], view.unit))
    predicted = _column(sheet, with_unit(view.model(view.chosen.name), view.unit))
    chart = ScatterChart()
    x, y = _reference(sheet, predicted, n_rows), _reference(sheet, actual, n_rows)
    chart.series.append(_dots(Series(y, x, title=t["actual"])))
    # the actual values against themselves are the line where both are equal
    diagonal = Series(y, y, title=view.t["workbook"]["diagonal"])
    diagonal.marker.symbol = "none"
    diagonal.graphicalProperties.line.solidFill = LINE
    diagonal.graphicalProperties.line.width = 12_700
    chart.series.append(diagonal)
    title = _first_rows(view, t["scatter"].format(model=view.model(view.chosen.name)))
    axes = with_unit(t["predicted"], view.unit), with_unit(t["actual"], view.unit)
    _dress(chart, view, title, axes, legend=True)
    values = np.concatenate([data.y, view.chosen.predictions.ravel()])
    for axis in (chart.x_axis, chart.y_axis):
        _scale(axis, values)
    return chart


def _residuals(view: View, book: Any) -> Any:
    from openpyxl.chart import ScatterChart, Series

    t, sheet = view.t["accuracy"], _sheet(view, book, "predictions")
    n_rows = min(view.content.dataset.n_rows, MAX_POINTS)
    rows = _column(sheet, view.t["workbook"]["row"])
    residual = _column(sheet, with_unit(t["residual"], view.unit))
    chart = ScatterChart()
    x, y = _reference(sheet, rows, n_rows), _reference(sheet, residual, n_rows)
    chart.series.append(_dots(Series(y, x, title=t["residual_axis"])))
    axes = t["row_axis"], with_unit(t["residual_axis"], view.unit)
    _dress(chart, view, _first_rows(view, t["by_order"]), axes)
    _scale(chart.x_axis, view.content.dataset.row_numbers[:n_rows].astype(float))
    return chart


def _errors(view: View, book: Any) -> Any:
    t, s = view.t["workbook"], view.t["scores"]
    sheet, axis = _sheet(view, book, "leaderboard"), with_unit(s["rmse"], view.unit)
    names, values = _column(sheet, s["model"]), _column(sheet, axis)
    n_models = len(view.content.benchmark.results)
    series = [(values, s["rmse"], DOTS)]
    return _bars(view, sheet, names, series, (t["chart_errors"], axis), n_models)


def _effects(view: View, book: Any) -> Any:
    t, sheet = view.t["workbook"], _sheet(view, book, "importance")
    if sheet is None:
        return None
    axis = with_unit(t["mean_shap"], view.unit)
    names = [view.model(e.model) for e in view.content.explanations[:2]]
    series = [
        (_column(sheet, f"{axis}: {name}"), name, colour)
        for name, colour in zip(names, (DOTS, SECOND), strict=False)
    ]
    n_bars = min(len(view.content.dataset.feature_columns), MAX_BARS)
    labels = _column(sheet, t["column"])
    return _bars(view, sheet, labels, series, (view.t["shap"]["importance"], axis), n_bars)


def _bars(
    view: View,
    sheet: Any,
    names: int,
    series: list[tuple[int, str, str]],
    titles: tuple[str, str],
    n_bars: int,
) -> Any:
    from openpyxl.chart import BarChart, Series

    chart = BarChart()
    chart.type, chart.gapWidth = "bar", 50
    for column, name, colour in series:
        bars = Series(_reference(sheet, column, n_bars), title=name)
        bars.graphicalProperties.solidFill = colour
        chart.series.append(bars)
    chart.set_categories(_reference(sheet, names, n_bars))
    _dress(chart, view, titles[0], (None, titles[1]), legend=len(series) > 1)
    # the first row of the sheet on top, the numbers below all the same
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.crosses = "max"
    chart.y_axis.scaling.min = 0
    return chart


def _dots(series: Any) -> Any:
    series.marker.symbol, series.marker.size = "circle", 5
    series.marker.graphicalProperties.solidFill = DOTS
    series.marker.graphicalProperties.line.noFill = True
    series.graphicalProperties.line.noFill = True
    return series


def _dress(
    chart: Any, view: View, title: str, axes: tuple[str | None, str], *, legend: bool = False
) -> None:
    """Give a chart its title, the titles of its axes, and visible axes in the report's font."""
    from openpyxl.chart.data_source import NumFmt
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.drawing.line import LineProperties

    chart.title = _words(view, title, 1300, bold=True)
    chart.roundedCorners = False
    chart.style = 2
    for axis, text in zip((chart.x_axis, chart.y_axis), axes, strict=True):
        # without this openpyxl hides the axis from newer versions of Excel
        axis.delete = False
        axis.title = None if text is None else _words(view, text, 1000)
        axis.txPr = _text(view, 900)
        axis.numFmt = NumFmt(formatCode="General", sourceLinked=False)
        if axis.majorGridlines is not None:
            axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=GRID))
    if chart.x_axis.majorGridlines is not None:
        chart.x_axis.majorGridlines = None
    if legend:
        chart.legend.position = "b"
        chart.legend.overlay = False
        chart.legend.txPr = _text(view, 900)
    else:
        chart.legend = None


def _words(view: View, text: str, size: int, *, bold: bool = False) -> Any:
    from openpyxl.chart.text import RichText, Text
    from openpyxl.chart.title import Title
    from openpyxl.drawing.text import Paragraph, ParagraphProperties, RegularTextRun

    look = _characters(view, size, bold=bold)
    run = RegularTextRun(t=text, rPr=look)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=look), r=[run])
    return Title(tx=Text(rich=RichText(p=[paragraph])), overlay=False)


def _text(view: View, size: int) -> Any:
    from openpyxl.chart.text import RichText
    from openpyxl.drawing.text import Paragraph, ParagraphProperties

    properties = ParagraphProperties(defRPr=_characters(view, size))
    return RichText(p=[Paragraph(pPr=properties, endParaRPr=_characters(view, size))])


def _characters(view: View, size: int, *, bold: bool = False) -> Any:
    from openpyxl.drawing.text import CharacterProperties, Font

    name = FONTS[view.language]
    return CharacterProperties(sz=size, b=bold, latin=Font(typeface=name), ea=Font(typeface=name))


def _first_rows(view: View, title: str) -> str:
    n_rows = view.content.dataset.n_rows
    if n_rows <= MAX_POINTS:
        return title
    return str(view.t["workbook"]["first_rows"].format(title=title, rows=f"{MAX_POINTS:,}"))


def _scale(axis: Any, values: Any) -> None:
    """Let an axis span the values from one round number to another."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if high <= low:
        return
    step = _round_step((high - low) / 6)
    axis.scaling.min = round(math.floor(low / step) * step, 12)
    axis.scaling.max = round(math.ceil(high / step) * step, 12)
    axis.majorUnit = step
    # its numbers stand beside the dots, not among them where the other axis is zero
    axis.tickLblPos = "low"


def _round_step(step: float) -> float:
    """Return the next of 1, 2, 5, 10 times a power of ten.

    Examples
    --------
    >>> _round_step(0.7), _round_step(31.0)
    (1.0, 50.0)
    """
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= step)
