"""File -> table of columns with kinds, before any column has a role."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.decimals import column_decimal, file_decimal
from ntkreg.io.cells.units import unit_of_header
from ntkreg.io.columns.column import RawColumn, read_column
from ntkreg.io.columns.findings import column_entries
from ntkreg.io.dataset import Source
from ntkreg.io.files.grid import Cells, Grid
from ntkreg.io.files.sniff import WORKBOOK_SUFFIXES, identify, read_bytes
from ntkreg.io.files.text import read_text
from ntkreg.io.files.workbook import read_workbook
from ntkreg.io.layout.names import unique_names, visible
from ntkreg.io.layout.table import Layout, find_table
from ntkreg.io.ledger import Ledger, LedgerEntry
from ntkreg.io.options import ReadingKeywords, ReadOptions
from ntkreg.messages import Sentence
from ntkreg.parallel import WORTH_THREADS, map_on_threads, threads_for

_FEW_NAMELESS = 2


@dataclass(frozen=True)
class RawTable:
    """A table as the file has it: names, units, kinds and cells, but no target yet.

    Parameters
    ----------
    source : Source
        The file and how it was read.
    columns : tuple of RawColumn
        Columns in file order.
    row_numbers : ndarray of shape (n_rows,) of int
        Row of the file (from 1) of each data row.
    table_entries : tuple of LedgerEntry
        What was noticed about the file and the layout; the columns carry their own.
    """

    source: Source
    columns: tuple[RawColumn, ...]
    row_numbers: NDArray[np.int64]
    table_entries: tuple[LedgerEntry, ...]

    @property
    def n_rows(self) -> int:
        """Number of data rows."""
        return len(self.row_numbers)

    @property
    def ledger(self) -> Ledger:
        """Every repair and doubt, of the table first, then column by column."""
        entries = self.table_entries + tuple(e for c in self.columns for e in c.entries)
        return Ledger(entries)


def read_raw(path: str | Path, **reading: Unpack[ReadingKeywords]) -> RawTable:
    r"""Read a workbook or a delimited text file into columns with kinds.

    Parameters
    ----------
    path : str or Path
        The file; what it is is decided by its content.
    **reading
        Reading options, see :class:`ntkreg.io.options.ReadOptions`: `sheet`, `encoding`,
        `header_row`, `no_header`, `fill_merged`, `keep`, `missing`, `censored`.

    Returns
    -------
    RawTable

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    InputError
        If it is no table or a faulty one.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "trial.csv"
    >>> _ = file.write_text("温度[℃];強度\n20,5;1\n30,5;2\n", encoding="cp932")
    >>> [(c.name, c.unit, c.kind) for c in read_raw(file).columns]
    [('温度[℃]', '℃', 'numeric'), ('強度', None, 'numeric')]
    """
    path, options = Path(path), ReadOptions.of(reading)
    data = read_bytes(path)
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(hashlib.sha256, data)
        grid, layout = find_table(_read_grid(data, path, options), path.name, options.wishes)
    del data
    rows = layout.rows + 1
    columns = tuple(_columns(grid, layout, path.name, options))
    units = () if layout.header.unit_row is None else (layout.header.unit_row + 1,)
    source = Source(
        file=path.name,
        kind=grid.kind,
        encoding=grid.encoding,
        delimiter=grid.delimiter,
        sheet=grid.sheet,
        header_rows=tuple(row + 1 for row in layout.header.rows) + units,
        first_cell=layout.first_cell,
        sha256=digest.result().hexdigest(),
    )
    entries = (
        *_file_entries(grid, path, options.sheet),
        *grid.entries,
        *layout.entries,
        *options.unused(columns),
        *_name_entries(columns, grid.sheet, layout.header.body),
    )
    return RawTable(source, columns, rows, entries)


def _read_grid(data: bytes, path: Path, options: ReadOptions) -> Grid:
    kind = identify(data, path)
    if kind == "text":
        return read_text(data, path.name, options.encoding)
    return read_workbook(data, path.name, kind, options.sheet)


def _columns(grid: Grid, layout: Layout, file: str, options: ReadOptions) -> list[RawColumn]:
    header = layout.header
    table = grid.cells[np.ix_(layout.rows, layout.columns)]
    default = file_decimal(table, grid.delimiter) if grid.commas else "."
    originals = [header.originals[j] for j in layout.columns]
    names = unique_names(originals, [int(j) for j in layout.columns])
    marks = options.marks(names)

    def read(k: int) -> RawColumn:
        j, cells = int(layout.columns[k]), table[:, k]
        decimal, conflict = column_decimal(cells, default) if grid.commas else (".", None)
        if conflict is not None:
            _refuse_both_decimals(names[k], cells, layout, conflict, file)
        unit = header.units[j] or unit_of_header(header.texts[j])
        column = read_column(cells, names[k], originals[k], unit, j, decimal, marks[k])
        return replace(column, entries=column_entries(column, layout.rows + 1, grid.sheet))

    n_threads = threads_for(None) if len(table) >= WORTH_THREADS else 1
    return map_on_threads(read, range(len(names)), n_threads)


def _refuse_both_decimals(
    name: str, cells: Cells, layout: Layout, conflict: tuple[int, int], file: str
) -> None:
    comma, point = conflict
    rows = [int(layout.rows[i]) + 1 for i in conflict]
    where = {"file": file, "column": name, "row": rows[0]}
    raise InputError(
        "E128",
        where,
        file=file,
        column=name,
        comma=str(cells[comma]),
        comma_row=rows[0],
        point=str(cells[point]),
        point_row=rows[1],
    )


def _file_entries(grid: Grid, path: Path, sheet: str | None) -> list[LedgerEntry]:
    """Say how the file as a whole was read."""
    if grid.kind != "csv":
        if path.suffix.lower() in WORKBOOK_SUFFIXES[grid.kind]:
            return []
        fields = {"file": path.name, "suffix": path.suffix or "-", "kind": f".{grid.kind}"}
        misnamed = Sentence("W103" if grid.kind == "xlsx" else "W140", fields)
        return [LedgerEntry("warning", misnamed)]
    delimiter = {"\t": "tab"}.get(grid.delimiter or "", grid.delimiter)
    values = {"encoding": grid.encoding, "delimiter": delimiter}
    entries = [LedgerEntry("info", Sentence("I101", values))]
    if sheet is not None:
        entries.append(LedgerEntry("warning", Sentence("W128", {"sheet": sheet})))
    return entries


def _name_entries(columns: tuple[RawColumn, ...], sheet: str | None, row: int) -> list[LedgerEntry]:
    entries = []
    for column in columns:
        if not column.original:
            code, values = "R107", {"name": column.name}
        elif column.name != column.original:
            code, values = "R106", {"name": column.name, "original": visible(column.original)}
        else:
            continue
        message = Sentence(code, values)
        entries.append(
            LedgerEntry("repair", message, sheet, row, column.name, 1, column.original, column.name)
        )
    nameless = [column.name for column in columns if not column.original]
    if len(nameless) >= max(_FEW_NAMELESS, len(columns) / 2):
        counts = {"count": len(nameless), "columns": len(columns), "row": row}
        entries.append(LedgerEntry("warning", Sentence("W190", counts), sheet, row))
    return entries
