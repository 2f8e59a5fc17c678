"""The workbook: every number of the report in tables that can be sorted and reused."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

from ntkreg.messages import Language
from ntkreg.reporting.content import ReportContent
from ntkreg.reporting.files import write_whole
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import safe_text, sheet_title, whole_day
from ntkreg.reporting.workbook.charts import charts
from ntkreg.reporting.workbook.conditions import conditions
from ntkreg.reporting.workbook.layout import fill_sheet, freeze_columns, new_book
from ntkreg.reporting.workbook.sheets import SHEETS
from ntkreg.reporting.workbook.summary import summary

_FIRST = ("summary", "charts", "conditions")
# wide tables in which the row of the file stays in view
_BY_ROW = ("predictions", "attributions")


def write_workbook(content: ReportContent, path: Path, language: Language) -> None:
    """Write all results as an Excel workbook.

    Text that came from the user's file never becomes a formula, and characters that Excel
    cannot hold are replaced.

    Parameters
    ----------
    content : ReportContent
        What to write.
    path : Path
        File to write (.xlsx); an existing one is replaced when the new one is complete.
    language : {"ja", "en"}
        Language of sheet names, headings and sentences.

    Raises
    ------
    FileAccessError
        If the file cannot be written, for example because it is open in Excel.
    """
    view, path = View(content, language), Path(path)
    titles = {name: sheet_title(view.t["workbook"][name]) for name in (*_FIRST, *SHEETS)}
    book = new_book(language)
    first, drawn = (book.create_sheet(titles[name]) for name in ("summary", "charts"))
    # before all tables: `ntkreg predict` takes the first sheet with the model's columns
    conditions(book, view, path.name)
    for name, table in SHEETS.items():
        filled = table(view)
        if filled is not None:
            sheet = book.create_sheet(titles[name])
            fill_sheet(sheet, *filled, language)
            if name in _BY_ROW:
                rows = [heading.title for heading in filled[0]].index(view.t["workbook"]["row"])
                freeze_columns(sheet, rows + 1)
    charts(drawn, view, book)
    others = {name: title for name, title in titles.items() if title in book.sheetnames[1:]}
    summary(first, view, others)
    created = whole_day(content.created)
    book.properties.creator = "ntkreg"
    book.properties.title = safe_text(first["A1"].value)
    book.properties.created = created
    stream = io.BytesIO()
    book.save(stream)
    write_whole(path, with_date(stream.getvalue(), created))


def with_date(data: bytes, created: datetime.datetime) -> bytes:
    """Replace the time of saving in the archive, so that the same content gives the same file."""
    out = io.BytesIO()
    stamp = created.strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            part = old.read(item)
            if item.filename == "docProps/core.xml":
                head, tag, rest = part.partition(b'<dcterms:modified xsi:type="dcterms:W3CDTF">')
                part = head + tag + stamp + rest[rest.find(b"<") :] if tag else part
            info = zipfile.ZipInfo(item.filename, date_time=(1980, 1, 1, 0, 0, 0))
            new.writestr(info, part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
