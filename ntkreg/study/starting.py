"""Before the first run: the knowledge sheet to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from ntkreg.exceptions import InputError
from ntkreg.io import ReadingKeywords, read_table
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Language
from ntkreg.reporting.workbook.knowledge_template import write_knowledge_template
from ntkreg.study.folders import check_free_file


def init_knowledge(
    path: str | Path,
    target: str,
    out: str | Path,
    *,
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    language: Language = "en",
    force: bool = False,
    **reading: Unpack[ReadingKeywords],
) -> Dataset:
    """Write the knowledge sheet of a table and return the table.

    Parameters
    ----------
    path : str or Path
        The table.
    target : str
        Column to predict.
    out : str or Path
        Workbook to write (.xlsx).
    group, time, drop
        As in :func:`ntkreg.io.read_table`: these columns are not listed.
    language : {"en", "ja"}, default="en"
        Language of the sheet.
    force : bool, default=False
        Whether an existing file is replaced (never the table itself).
    **reading
        Reading options, see :class:`ntkreg.io.options.ReadOptions`.

    Raises
    ------
    InputError, FileAccessError
        If `out` is no .xlsx name or is taken, and as reading and writing raise them.
    """
    if Path(out).suffix.lower() != ".xlsx":
        raise InputError("E418", {"file": Path(out).name}, file=Path(out).name)
    check_free_file(out, force=force, sources=(Path(path),))
    dataset = read_table(path, target=target, group=group, time=time, drop=drop, **reading)
    write_knowledge_template(dataset, Path(out), language)
    return dataset
