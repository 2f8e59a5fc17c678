"""Reading tables: file bytes -> raw grid -> columns with kinds -> `Dataset`.

One module a step: `sniff` (what is this file really), `encoding`, `text` and `workbook` (bytes ->
grid), `header` and `layout` (grid -> table), `values`, `dates`, `decimals`, `units`, `marks`
(cells), `readings` and `columns` (kinds), `findings` and `sentinels` (what there is to say),
`options` (what the user says), `raw`, `roles`, `target`, `describe` (dataset) and `alignment`
(predict time). Every repair is an
entry of the `Ledger`.
"""

from ntkreg.io.alignment import Aligned, align
from ntkreg.io.columns.column import RawColumn
from ntkreg.io.dataset import Column, Dataset, Source
from ntkreg.io.ledger import Ledger, LedgerEntry
from ntkreg.io.options import ReadingKeywords, ReadOptions, remembered
from ntkreg.io.raw import RawTable, read_raw
from ntkreg.io.roles import read_table
from ntkreg.io.sheet_choice import read_sheet_with

__all__ = [
    "Aligned",
    "Column",
    "Dataset",
    "Ledger",
    "LedgerEntry",
    "RawColumn",
    "RawTable",
    "ReadOptions",
    "ReadingKeywords",
    "Source",
    "align",
    "read_raw",
    "read_sheet_with",
    "read_table",
    "remembered",
]
