"""The knowledge file: what engineers expect of their columns, written down before the run."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.inspection.results import Effect, Expectation
from ntkreg.io.dataset import Column, Dataset

EFFECTS: tuple[Effect, ...] = get_args(Effect)
FIELDS = ("column", "effect", "reason")


def read_knowledge(path: str | Path, dataset: Dataset) -> tuple[Expectation, ...]:
    """Read a knowledge file and match it with the columns of a table.

    The file is TOML with one `[[expectation]]` for each column: `column` (header as in the file),
    `effect` ("increasing", "decreasing" or "none") and, if wanted, `reason`. UTF-8 is expected;
    cp932, which older Windows editors write, is read as well. Headers are compared after folding
    case, width and blanks; the unit in brackets may be left out.

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
        column, an unknown effect, the target, or the same column as another one.
    """
    file = Path(path).name
    entries = _entries(_parse(_text(Path(path)), file), file)
    expectations: list[Expectation] = []
    for number, entry in enumerate(entries, start=1):
        expectation = _expectation(entry, number, file, dataset)
        if expectation.column in {known.column for known in expectations}:
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
    return Expectation(column.name, effect, str(entry.get("reason", "")))


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
