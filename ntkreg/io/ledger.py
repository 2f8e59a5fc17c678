"""The ledger: every repair and every doubt met while a table was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ntkreg.messages import Sentence

Severity = Literal["info", "repair", "warning"]


@dataclass(frozen=True)
class LedgerEntry:
    """One thing that was noticed or changed.

    Parameters
    ----------
    severity : {"info", "repair", "warning"}
        "repair": something was changed; "warning": something is doubtful.
    message : Sentence
        What happened.
    sheet, row, column : str, int, str, optional
        Where, as a spreadsheet program shows it: sheet name, row counted from 1, header text.
    count : int, default=1
        Number of cells or rows concerned.
    old, new : str, default=""
        Value before and after (of the first cell concerned).
    """

    severity: Severity
    message: Sentence
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    count: int = 1
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class Ledger:
    """All entries of one table, in the order in which they arose."""

    entries: tuple[LedgerEntry, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.entries)

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(self.entries + other.entries)

    def of(self, severity: Severity) -> tuple[LedgerEntry, ...]:
        """Return the entries of one severity."""
        return tuple(entry for entry in self.entries if entry.severity == severity)
