"""`ntkreg demo`: the whole study on a table that comes with the program."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from . import options
from .run import study_and_write
from .talk import Talk


class Sample(StrEnum):
    """The tables that come with the program."""

    injection_molding = "injection_molding"
    heat_treatment = "heat_treatment"
    coating_line = "coating_line"


def demo(
    table: Annotated[Sample, typer.Option("--table", help="I681")] = Sample.injection_molding,
    seed: options.Seed = 0,
    models: options.Models = None,
    out: options.OptionalOut = None,
    force: options.Force = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Run everything on a sample table."""
    from importlib import resources

    from ntkreg.study import default_folder
    from ntkreg_sample_data import TABLES

    sample = TABLES[table.value]
    folder = resources.files("ntkreg_sample_data")
    with (
        resources.as_file(folder / sample.file) as file,
        resources.as_file(folder / sample.knowledge) as knowledge,
    ):
        study_and_write(
            Talk(lang, quiet),
            file,
            out or default_folder(file, sample.target),
            force=force,
            target=sample.target,
            group=sample.group,
            time=sample.time,
            knowledge=knowledge,
            seed=seed,
            **options.chosen_names(models),
        )
