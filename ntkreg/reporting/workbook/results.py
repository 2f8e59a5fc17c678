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
from ntkreg.reporting.workbook.cells import fill_sheet, sheet_title, whole_day
from ntkreg.reporting.workbook.sheets import SHEETS


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
    from openpyxl import Workbook

    view = View(content, language)
    book = Workbook()
    del book[book.sheetnames[0]]
    for name, table in SHEETS.items():
        filled = table(view)
        if filled is not None:
            fill_sheet(book.create_sheet(sheet_title(view.t["workbook"][name])), *filled)
    created = whole_day(content.created)
    book.properties.creator = "ntkreg"
    book.properties.created = created
    stream = io.BytesIO()
    book.save(stream)
    write_whole(Path(path), with_date(stream.getvalue(), created))


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
