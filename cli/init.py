"""`ntkreg init`: the knowledge sheet of a table, to fill in."""

from __future__ import annotations

from pathlib import Path

from ntkreg.messages import Sentence

from . import options
from .talk import Talk


def init(
    file: options.File,
    target: options.Target,
    out: options.SheetOut = Path("knowledge.xlsx"),
    sheet: options.Sheet = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    no_header: options.NoHeader = False,
    fill_merged: options.FillMerged = False,
    keep: options.Keep = None,
    missing: options.Missing = None,
    censored: options.Censored = options.CensoredValues.missing,
    group: options.Group = None,
    time: options.Time = None,
    drop: options.Drop = None,
    force: options.Force = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write an Excel sheet for what the engineers expect of each column."""
    from ntkreg.study import init_knowledge

    talk = Talk(lang, quiet)
    dataset = init_knowledge(
        file,
        target,
        out,
        group=group,
        time=time,
        drop=drop or (),
        language=talk.language,
        force=force,
        **options.reading(
            sheet, encoding, header_row, no_header, fill_merged, keep, missing, censored
        ),
    )
    talk.warn([entry.message for entry in dataset.ledger.of("warning")])
    talk.say(Sentence("I748", {"n": len(dataset.feature_columns), "file": out.name}))
    talk.result(str(out))
