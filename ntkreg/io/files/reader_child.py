"""Run as a program of its own: .xls, .xlsb or .ods on stdin -> lines of JSON on stdout.

The library that reads these formats can hang, take all memory or abort on a hostile file, and an
abort takes its process along. So it runs here, under limits, and only plain data leaves. This
file imports nothing of ntkreg: it has to start quickly.

Line 1 tells what was found; every further line is one row of the sheet, from its first used row.
"""

from __future__ import annotations

import datetime
import io
import json
import sys
from typing import IO, Any

MAX_OUTPUT = 2_000_000_000


def plain(cell: Any) -> Any:
    """Return a cell as JSON has it: blanks as null, dates and times as an object."""
    if isinstance(cell, str):
        return cell if cell.strip() else None
    if isinstance(cell, float):
        # integers of .xlsx are integers; one written "2.0" in an .ods is the same cell
        return int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
    if isinstance(cell, datetime.datetime):
        return {"datetime": cell.isoformat()}
    if isinstance(cell, datetime.date):
        return {"datetime": cell.isoformat() + "T00:00:00"}
    if isinstance(cell, datetime.time):
        return {"time": cell.isoformat()}
    if isinstance(cell, datetime.timedelta):
        return {"seconds": cell.total_seconds()}
    return cell


def trimmed(row: list[Any]) -> list[Any]:
    """Return a row of plain cells without its blank end."""
    cells = [plain(cell) for cell in row]
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def read(data: bytes, asked: str | None, out: IO[str]) -> None:
    """Write one sheet: the one asked for, or the first visible one that holds a value."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    names = [m.name for m in book.sheets_metadata]
    tables = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    visible = [m.name for m in tables if m.visible == SheetVisibleEnum.Visible]
    head: dict[str, Any] = {"all": names, "sheets": [m.name for m in tables], "visible": visible}
    for name in visible if asked is None else [n for n in head["sheets"] if n == asked]:
        sheet = book.get_sheet_by_name(name)
        lines = [json.dumps(trimmed(row), ensure_ascii=False) for row in sheet.iter_rows()]
        # versions differ in whether they give the blank rows above the first used one
        lines = lines[len(lines) - sheet.height :]
        if any(line != "[]" for line in lines):
            merged = [[*first, *last] for first, last in sheet.merged_cell_ranges or ()]
            head |= {"title": name, "start": sheet.start, "merged": merged}
            out.write(json.dumps(head) + "\n")
            out.writelines(line + "\n" for line in lines)
            return
    out.write(json.dumps(head) + "\n")


def limit_memory(size: int) -> None:
    """Forbid this process to take more memory; Windows has no such limit, the parent watches."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_OUTPUT, MAX_OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read stdin; whatever goes wrong becomes one line that says so."""
    options = json.loads(sys.argv[1])
    limit_memory(options["memory"])
    with open(1, "w", encoding="utf-8", errors="surrogatepass", closefd=False) as out:
        try:
            read(sys.stdin.buffer.read(), options["sheet"], out)
        except MemoryError:
            sys.exit(3)
        except BaseException as error:  # a panic of the library is no Exception
            out.seek(0)
            out.truncate()
            out.write(json.dumps({"error": type(error).__name__, "reason": str(error)}) + "\n")


if __name__ == "__main__":
    main()
