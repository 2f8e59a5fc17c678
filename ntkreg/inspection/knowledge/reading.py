"""The knowledge file: what engineers expect of their columns, written down before the run."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.inspection.knowledge.expectations import EFFECTS, make_expectation, refuse_overlap
from ntkreg.inspection.knowledge.sheet import read_knowledge_sheet
from ntkreg.inspection.results import Expectation
from ntkreg.io.dataset import Dataset
from ntkreg.io.files.sniff import WORKBOOK_SUFFIXES

FIELDS = ("column", "effect", "from", "to", "reason")


def read_knowledge(path: str | Path, dataset: Dataset) -> tuple[Expectation, ...]:
    """Read a knowledge file and match it with the columns of a table.

    A workbook is read as `ntkreg init` writes it (:mod:`ntkreg.inspection.knowledge.sheet`).
    Any other file is TOML with one `[[expectation]]` for each column: `column` (header as there),
    `effect` ("increasing", "decreasing", "peak", "valley" or "none") and, if wanted, `reason` and
    `from` and `to`, the limits within which it is expected; a column may have several expectations
    whose ranges do not overlap. UTF-8 is expected; cp932, which older Windows editors write, is
    read as well. Headers are compared after folding case, width and blanks; the unit in brackets
    may be left out.

    Parameters
    ----------
    path : str or Path
        The file.
    dataset : Dataset
        Table whose columns are meant.

    Returns
    -------
    tuple of Expectation
        With `Column.name` as column, in the order of the file.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    InputError
        If it is not TOML, has no expectation, or an expectation is incomplete, names an unknown
        column, an unknown effect, the target, a range that is none, or the same part of a column as
        another one.
    """
    file = Path(path).name
    if Path(path).suffix.lower() in chain(*WORKBOOK_SUFFIXES.values()):
        return read_knowledge_sheet(Path(path), dataset)
    entries = _entries(_parse(_text(Path(path)), file), file)
    expectations: list[Expectation] = []
    for number, entry in enumerate(entries, start=1):
        expectation = _expectation(entry, number, file, dataset)
        refuse_overlap(expectation, expectations, {"file": file}, file)
        expectations.append(expectation)
    return tuple(expectations)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileAccessError(
            "E401", {"file": path.name}, file=path.name, reason=error.strerror or str(error)
        ) from error
    for encoding in ("utf-8-sig", "cp932"):
        try:
            # TOML knows line feeds only after a carriage return
            return data.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
    raise InputError("E402", {"file": path.name}, file=path.name)


def _parse(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place.group(1)) if place else text.count("\n") + 1
        lines = text.split("\n")
        content = lines[line - 1].strip() if line <= len(lines) else ""
        raise InputError(
            "E403", {"file": file, "row": line}, file=file, line=line, content=content
        ) from error


def _entries(document: Mapping[str, Any], file: str) -> list[Mapping[str, Any]]:
    entries = document.get("expectation")
    unknown = [key for key in document if key != "expectation"]
    if unknown:
        raise InputError(
            "E404", {"file": file}, file=file, found=unknown[0], allowed="[[expectation]]"
        )
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError("E405", {"file": file}, file=file)
    return entries


def _expectation(entry: Mapping[str, Any], number: int, file: str, dataset: Dataset) -> Expectation:
    unknown = [key for key in entry if key not in FIELDS]
    if unknown:
        raise InputError(
            "E404", {"file": file}, file=file, found=unknown[0], allowed=", ".join(FIELDS)
        )
    missing = [key for key in ("column", "effect") if not isinstance(entry.get(key), str)]
    if missing:
        raise InputError("E409", {"file": file}, file=file, number=number, field=missing[0])
    effect = str(entry["effect"]).strip().lower()
    if effect not in EFFECTS:
        raise InputError(
            "E407", {"file": file, "column": entry["column"]},
            file=file, column=entry["column"], effect=entry["effect"], allowed=list(EFFECTS),
        )  # fmt: skip
    low, high = (_limit(entry, key, file) for key in ("from", "to"))
    return make_expectation(
        str(entry["column"]), effect, (low, high), str(entry.get("reason", "")),
        dataset, {"file": file}, file,
    )  # fmt: skip


def _limit(entry: Mapping[str, Any], key: str, file: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        column = str(entry["column"])
        raise InputError(
            "E411", {"file": file, "column": column},
            file=file, column=column, field=key, value=str(value),
        )  # fmt: skip
    return float(value)
