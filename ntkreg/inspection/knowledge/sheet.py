"""The knowledge sheet: expectations in a workbook, one row a column of the table.

Headings, effects and explanations are sentences of the catalogue, so that the sheet speaks the
language of whoever fills it in; either language is read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from ntkreg.exceptions import InputError
from ntkreg.inspection.knowledge.expectations import EFFECTS, fold, make_expectation, refuse_overlap
from ntkreg.inspection.results import Effect, Expectation
from ntkreg.io.dataset import Dataset
from ntkreg.io.files.grid import Grid, column_letter, is_blank
from ntkreg.io.files.sniff import identify, read_bytes
from ntkreg.io.files.workbook import read_workbook
from ntkreg.messages import LANGUAGES, Language, Sentence

HEADINGS = {
    "column": "I401", "unit": "I402", "least": "I403", "most": "I404",
    "effect": "I405", "from": "I406", "to": "I407", "reason": "I408",
}  # fmt: skip
EFFECT_WORDS: dict[Effect, str] = {
    "increasing": "I411", "decreasing": "I412", "peak": "I413", "valley": "I414", "none": "I415",
}  # fmt: skip


def effect_words(language: Language) -> tuple[str, ...]:
    """Return the effects as a sheet in this language names them."""
    return tuple(Sentence(EFFECT_WORDS[effect]).text(language) for effect in EFFECTS)


def read_knowledge_sheet(path: Path, dataset: Dataset) -> tuple[Expectation, ...]:
    """Read the expectations of a workbook; rows without any are left out.

    Parameters
    ----------
    path : Path
        The workbook; its first visible sheet with cells is read.
    dataset : Dataset
        Table whose columns are meant.

    Raises
    ------
    FileAccessError, InputError
        As for :func:`ntkreg.inspection.read_knowledge`; places are named like ``A5``.
    """
    grid = _read(path)
    top, columns = _heading(grid, path.name)
    found: list[Expectation] = []
    for row in range(top + 1, len(grid.cells)):
        cells = {name: grid.cells[row, j] for name, j in columns.items()}
        texts = {name: "" if is_blank(cell) else str(cell) for name, cell in cells.items()}
        if not any(texts[name].strip() for name in ("effect", "from", "to", "reason")):
            continue
        place = {"file": path.name, "sheet": grid.sheet, "row": row + 1}
        words = {name: f"{path.name} [{grid.sheet}!{column_letter(j)}{row + 1}]"
                 for name, j in columns.items()}  # fmt: skip
        _refuse_gaps(texts, words, place)
        limits = tuple(_limit(cells, texts, name, words, place) for name in ("from", "to"))
        expectation = make_expectation(
            texts["column"], _effect(texts, words, place), (limits[0], limits[1]),
            texts["reason"], dataset, place, words["column"],
        )  # fmt: skip
        refuse_overlap(expectation, found, place, words["column"])
        found.append(expectation)
    return tuple(found)


def _read(path: Path) -> Grid:
    data = read_bytes(path)
    kind = identify(data, path)
    # a text under the name of a workbook has been refused
    assert kind != "text"
    return read_workbook(data, path.name, kind)


def _heading(grid: Grid, file: str) -> tuple[int, dict[str, int]]:
    """Return the row of the headings and the position of each."""
    names = {
        fold(Sentence(code).text(language)): name
        for name, code in HEADINGS.items()
        for language in LANGUAGES
    }
    for row, cells in enumerate(grid.cells):
        found = {names[key]: j for j, c in enumerate(cells) if (key := fold(str(c))) in names}
        if {"column", "effect", "from", "to", "reason"} <= set(found):
            return row, found
    raise InputError("E414", {"file": file, "sheet": grid.sheet}, file=file, sheet=grid.sheet)


def _refuse_gaps(
    texts: Mapping[str, str], words: Mapping[str, str], place: Mapping[str, Any]
) -> None:
    for name, code in (("column", "E415"), ("effect", "E416")):
        if not texts[name].strip():
            raise InputError(code, place, file=words[name], column=texts["column"])


def _effect(texts: Mapping[str, str], words: Mapping[str, str], place: Mapping[str, Any]) -> Effect:
    for effect, code in EFFECT_WORDS.items():
        allowed = {effect, *(Sentence(code).text(language) for language in LANGUAGES)}
        if fold(texts["effect"]) in {fold(word) for word in allowed}:
            return effect
    raise InputError(
        "E417", {**place, "column": texts["column"]}, file=words["effect"],
        column=texts["column"], effect=texts["effect"],
        ja=effect_words("ja"), en=effect_words("en"),
    )  # fmt: skip


def _limit(
    cells: Mapping[str, Any],
    texts: Mapping[str, str],
    name: str,
    words: Mapping[str, str],
    place: Mapping[str, Any],
) -> float | None:
    if not texts[name].strip():
        return None
    try:
        value = float(unicodedata.normalize("NFKC", texts[name]))
    except ValueError:
        value = float("nan")
    if isinstance(cells[name], bool) or not isfinite(value):
        raise InputError(
            "E411", {**place, "column": texts["column"]}, file=words[name],
            column=texts["column"], field=name, value=texts[name],
        )  # fmt: skip
    return value
