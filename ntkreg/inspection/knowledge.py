"""The knowledge file: what engineers expect of their columns, written down before the run."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from math import inf, isfinite
from pathlib import Path
from typing import Any, get_args

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.inspection.results import Effect, Expectation
from ntkreg.io.dataset import Column, Dataset

EFFECTS: tuple[Effect, ...] = get_args(Effect)
FIELDS = ("column", "effect", "from", "to", "reason")


def read_knowledge(path: str | Path, dataset: Dataset) -> tuple[Expectation, ...]:
    """Read a knowledge file and match it with the columns of a table.

    The file is TOML with one `[[expectation]]` for each column: `column` (header as in the file),
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
    entries = _entries(_parse(_text(Path(path)), file), file)
    expectations: list[Expectation] = []
    for number, entry in enumerate(entries, start=1):
        expectation = _expectation(entry, number, file, dataset)
        if any(_overlap(expectation, known) for known in expectations):
            raise InputError(
                "E408", {"file": file, "column": expectation.column},
                file=file, number=number, column=expectation.column,
            )  # fmt: skip
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
    column = _find(str(entry["column"]), file, dataset)
    low, high = (_limit(entry, key, file) for key in ("from", "to"))
    found = Expectation(column.name, effect, str(entry.get("reason", "")), low, high)
    check_range(found, column, {"file": file}, file)
    return found


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


def check_range(
    expectation: Expectation, column: Column, where: Mapping[str, Any], file: str
) -> None:
    """Raise an InputError when the range is empty or the column has no numbers to compare."""
    place = {**where, "column": expectation.column}
    facts = {"file": file, "column": expectation.column, "range": expectation.range_text}
    if expectation.has_range and column.kind != "numeric":
        raise InputError("E412", place, **facts)
    low, high = expectation.low, expectation.high
    if low is not None and high is not None and low >= high:
        raise InputError("E413", place, **facts, low=f"{low:g}", high=f"{high:g}")


def _overlap(first: Expectation, second: Expectation) -> bool:
    """Whether two expectations are about the same part of one column."""
    if first.column != second.column:
        return False
    low = max(-inf if e.low is None else e.low for e in (first, second))
    high = min(inf if e.high is None else e.high for e in (first, second))
    # ranges may meet at one value: rising up to 80, falling from 80
    return low < high


def _find(wanted: str, file: str, dataset: Dataset) -> Column:
    """Return the column that is meant, by the least tolerant comparison that finds exactly one."""
    for fold in (str.strip, _fold, lambda name: _fold(_without_unit(name))):
        found = [
            column
            for column in dataset.columns
            if fold(wanted) in (fold(column.name), fold(column.original))
        ]
        if len(found) == 1:
            break
    else:
        raise InputError(
            "E406", {"file": file, "column": wanted},
            file=file, column=wanted, near=_nearest(wanted, dataset),
        )  # fmt: skip
    if found[0].role == "target":
        raise InputError("E410", {"file": file, "column": wanted}, file=file, column=wanted)
    return found[0]


def _nearest(wanted: str, dataset: Dataset) -> list[str]:
    names = {_fold(c.name): c.name for c in dataset.columns if c.role != "target"}
    near = get_close_matches(_fold(wanted), names, n=3, cutoff=0.4)
    return [names[name] for name in near] or list(names.values())[:5]


def _fold(name: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


def _without_unit(name: str) -> str:
    return re.sub(r"\s*[\[(][^\[\]()]*[\])]\s*$", "", unicodedata.normalize("NFKC", name))
