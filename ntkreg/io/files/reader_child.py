"""Run as a program of its own: a workbook on stdin -> lines of JSON on stdout.

The libraries that read workbooks can hang, take all memory or abort on a hostile file, and an
abort takes its process along. So they run here, under limits, and only plain data leaves. This
file imports nothing of ntkreg: it has to start quickly.

Line 1 tells what was found; every further line is one row of the sheet, from row 1 on, without
its blank end; the last line is an object again.
"""

from __future__ import annotations

import datetime
import gc
import importlib.util
import io
import json
import re
import sys
from pathlib import Path
from typing import IO, Any

DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+(?:\.\d+)?)S")


class Output:
    """Lines of JSON, up to a number of characters."""

    def __init__(self, file: IO[str], limit: int) -> None:
        self._file, self._left = file, limit

    def line(self, content: Any) -> None:
        """Write one line."""
        self.raw(json.dumps(content, ensure_ascii=False, default=moment) + "\n")

    def raw(self, text: str) -> None:
        """Write text, or give up where it is more than any sound file of this size gives."""
        self._left -= len(text)
        if self._left < 0:
            raise MemoryError
        self._file.write(text)


def moment(cell: Any) -> dict[str, Any]:
    """Return a date, a time or a duration as JSON has it."""
    if isinstance(cell, datetime.datetime):
        return {"datetime": cell.isoformat()}
    if isinstance(cell, datetime.date):
        return {"datetime": cell.isoformat() + "T00:00:00"}
    if isinstance(cell, datetime.time):
        return {"time": cell.isoformat()}
    return {"seconds": cell.total_seconds()}


def plain(cell: Any) -> Any:
    """Return a cell of calamine as openpyxl would give it."""
    if isinstance(cell, str):
        # calamine leaves a duration of a day or more as an .ods spells it
        long = DURATION.fullmatch(cell)
        if long:
            hours, minutes, seconds = map(float, long.groups())
            return datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return cell if cell.strip() else None
    if isinstance(cell, float):
        # integers of .xlsx are integers; one written "2.0" in an .ods is the same cell
        return int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
    return cell


def trimmed(cells: list[Any]) -> list[Any]:
    """Return a row without its blank end."""
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def read_other(data: bytes, kind: str, asked: str | None, out: Output) -> None:
    """Write one sheet: the one asked for, or the first visible one that holds a value."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    names = [m.name for m in book.sheets_metadata]
    tables = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    visible = [m.name for m in tables if m.visible == SheetVisibleEnum.Visible]
    head: dict[str, Any] = {"all": names, "sheets": [m.name for m in tables], "visible": visible}
    for name in visible if asked is None else [n for n in head["sheets"] if n == asked]:
        sheet = book.get_sheet_by_name(name)
        rows = [trimmed([plain(cell) for cell in row]) for row in sheet.iter_rows()]
        if any(rows):
            # versions differ in whether they give the blank rows above the first used one
            rows = rows[len(rows) - sheet.height :]
            above, left = sheet.start or (0, 0)
            rows[:] = [[None] * left + row if row else row for row in rows]
            rows[:0] = [[] for _ in range(above)]
            merged = [[*first, *last] for first, last in sheet.merged_cell_ranges or ()]
            if kind != "xls":
                module = f"{kind}_cells"
                specials, merged = getattr(sibling(module), module)(data, name)
                put(rows, specials)
            out.line(head | {"title": name})
            for row in rows:
                out.line(row)
            out.line({"merged": merged})
            return
    out.line(head)


def put(rows: list[list[Any]], specials: dict[tuple[int, int], Any]) -> None:
    """Put error cells and formulas without a value where calamine left blanks."""
    for (i, j), value in specials.items():
        rows.extend([] for _ in range(i + 1 - len(rows)))
        row = rows[i]
        row.extend([None] * (j + 1 - len(row)))
        if row[j] is None:
            row[j] = value


def read_xlsx(data: bytes, asked: str | None, out: Output) -> None:
    """Do the same for an .xlsx file, row by row."""
    # openpyxl takes along what it can find, and starts in a third of the time without
    sys.modules |= dict.fromkeys(("numpy", "PIL"))  # type: ignore[arg-type]
    ooxml, parts = sibling("ooxml"), sibling("ooxml_parts")
    data = parts.prepare(data)
    try:
        book = ooxml.Workbook(data)
    except (TypeError, ValueError, KeyError, AttributeError):
        # mostly for colours, fonts and charts, which are of no concern here
        book = ooxml.Workbook(parts.without_decoration(data))
    head = {"all": book.names, "sheets": book.names, "visible": book.visible}
    for name in book.visible if asked is None else [n for n in book.names if n == asked]:
        merged: list[str] = []
        written = 0
        for number, cells in book.rows(name, merged):
            if not trimmed(cells):
                continue
            if not written:
                out.line(head | {"title": name})
            out.raw("[]\n" * (number - 1 - written))
            out.line(cells)
            written = number
        if written:
            out.line({"merged": [ooxml.corners(ref) for ref in merged], "computed": book.computed})
            return
    out.line(head)


def sibling(name: str) -> Any:
    """Import a module beside this one by its place: no library may import it by chance."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def limit_memory(size: int) -> None:
    """Forbid this process to take more memory; Windows has no such limit, the parent watches."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read stdin; whatever goes wrong becomes one line that says so."""
    # nothing here makes circles, and looking for them takes a tenth of the time
    gc.disable()
    options = json.loads(sys.argv[1])
    limit_memory(options["memory"])
    kind, asked = options["kind"], options["sheet"]
    with open(1, "w", encoding="utf-8", errors="surrogatepass", closefd=False) as out:
        try:
            data, output = sys.stdin.buffer.read(), Output(out, options["output"])
            if kind == "xlsx":
                read_xlsx(data, asked, output)
            else:
                read_other(data, kind, asked, output)
        except MemoryError:
            sys.exit(3)
        except BaseException as error:  # a panic of the library is no Exception
            if "Error -4 " in str(error):  # zlib's word for a lack of memory
                sys.exit(3)
            out.seek(0)
            out.truncate()
            out.write(json.dumps({"error": type(error).__name__, "reason": str(error)}) + "\n")


if __name__ == "__main__":
    main()
