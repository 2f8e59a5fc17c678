"""The options that commands share. Help texts are catalogue codes (messages/cli.toml)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ntkreg.models import MODEL_NAMES

if TYPE_CHECKING:
    from ntkreg.io import ReadingKeywords


class Lang(StrEnum):
    """Language of talk and report."""

    ja = "ja"
    en = "en"


class Gate(StrEnum):
    """Findings that may fail a run."""

    leak = "leak"
    contradiction = "contradiction"
    not_better = "not-better"


class CensoredValues(StrEnum):
    """What becomes of values beyond a limit of measurement."""

    missing = "missing"
    limit = "limit"


class Model(StrEnum):
    """The models on offer."""

    _ignore_ = "_name"
    for _name in MODEL_NAMES:
        vars()[_name] = _name


NETWORK = Model("ntk")

File = Annotated[Path, typer.Argument(metavar="FILE", help="I660", show_default=False)]
ModelFolder = Annotated[Path, typer.Argument(metavar="DIR", help="I661", show_default=False)]
Target = Annotated[
    str, typer.Option("--target", "-y", metavar="COLUMN", help="I662", show_default=False)
]
OptionalTarget = Annotated[
    str | None, typer.Option("--target", "-y", metavar="COLUMN", help="I662", show_default=False)
]
Sheet = Annotated[str | None, typer.Option(metavar="NAME", help="I663", show_default=False)]
Encoding = Annotated[str | None, typer.Option(metavar="NAME", help="I664", show_default=False)]
HeaderRow = Annotated[
    int | None, typer.Option("--header-row", metavar="N", min=1, help="I698", show_default=False)
]
NoHeader = Annotated[bool, typer.Option("--no-header", help="I684", show_default=False)]
FillMerged = Annotated[bool, typer.Option("--fill-merged", help="I685", show_default=False)]
Keep = Annotated[list[str] | None, typer.Option(metavar="WORD", help="I686", show_default=False)]
Missing = Annotated[
    list[str] | None, typer.Option(metavar="VALUE", help="I687", show_default=False)
]
Censored = Annotated[CensoredValues, typer.Option(metavar="missing|limit", help="I688")]
Group = Annotated[str | None, typer.Option(metavar="COLUMN", help="I665", show_default=False)]
Time = Annotated[str | None, typer.Option(metavar="COLUMN", help="I666", show_default=False)]
Drop = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="I667", show_default=False)]
Lsl = Annotated[float | None, typer.Option(metavar="NUMBER", help="I668", show_default=False)]
Usl = Annotated[float | None, typer.Option(metavar="NUMBER", help="I669", show_default=False)]
CostRatio = Annotated[float, typer.Option(metavar="NUMBER", help="I703")]
Knowledge = Annotated[Path | None, typer.Option(metavar="FILE", help="I670", show_default=False)]
Seed = Annotated[int, typer.Option(metavar="N", min=0, max=2**31 - 1, help="I671")]
Models = Annotated[
    list[Model] | None,
    typer.Option("--models", "--model", "-m", metavar="NAME", help="I672", show_default=False),
]
FailOn = Annotated[
    list[Gate] | None, typer.Option("--fail-on", metavar="FINDING", help="I682", show_default=False)
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="PATH", help="I673", show_default=False)]
OptionalOut = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="PATH", help="I674", show_default=False)
]
SheetOut = Annotated[Path, typer.Option("--out", "-o", metavar="FILE.xlsx", help="I750")]
NoProfiler = Annotated[bool, typer.Option("--no-profiler", help="I746", show_default=False)]
Force = Annotated[bool, typer.Option("--force", "-f", help="I675", show_default=False)]
LangOption = Annotated[
    Lang | None, typer.Option("--lang", metavar="ja|en", help="I676", show_default=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="I677", show_default=False)]
Debug = Annotated[bool, typer.Option("--debug", help="I678", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="I679", show_default=False)]
OneModel = Annotated[Model, typer.Option("--model", "-m", metavar="NAME", help="I680")]


def chosen_names(models: list[Model] | None) -> dict[str, tuple[str, ...]]:
    """Return the keyword `names` for the library when the user chose models, else nothing."""
    return {"names": tuple(dict.fromkeys(model.value for model in models))} if models else {}


def reading(
    sheet: str | None,
    encoding: str | None,
    header_row: int | None,
    no_header: bool,
    fill_merged: bool,
    keep: list[str] | None = None,
    missing: list[str] | None = None,
    censored: CensoredValues = CensoredValues.missing,
) -> ReadingKeywords:
    """Return the reading options for the library: those that were given."""
    given: ReadingKeywords = {"sheet": sheet, "encoding": encoding, "header_row": header_row}
    if no_header:
        given["no_header"] = True
    if fill_merged:
        given["fill_merged"] = True
    if keep:
        given["keep"] = keep
    if missing:
        given["missing"] = missing
    if censored is CensoredValues.limit:
        given["censored"] = "limit"
    return given
