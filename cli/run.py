"""`ntkreg run`: the whole study of a table."""

from __future__ import annotations

from typing import Any

import typer

from . import options
from .main import GATE_FAILED
from .talk import Talk


def run(
    file: options.File,
    target: options.Target,
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
    lsl: options.Lsl = None,
    usl: options.Usl = None,
    cost_ratio: options.CostRatio = 10.0,
    knowledge: options.Knowledge = None,
    seed: options.Seed = 0,
    models: options.Models = None,
    fail_on: options.FailOn = None,
    no_profiler: options.NoProfiler = False,
    out: options.OptionalOut = None,
    force: options.Force = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Read, compare, explain, and write the report."""
    from ntkreg.study import default_folder

    study_and_write(
        Talk(lang, quiet),
        file,
        out or default_folder(file, target),
        force=force,
        gates=tuple(gate.value for gate in fail_on or ()),
        target=target,
        group=group,
        time=time,
        drop=drop or (),
        lsl=lsl,
        usl=usl,
        cost_ratio=cost_ratio,
        knowledge=knowledge,
        seed=seed,
        profiler=not no_profiler,
        **options.chosen_names(models),
        **options.reading(
            sheet, encoding, header_row, no_header, fill_merged, keep, missing, censored
        ),
    )


def study_and_write(
    talk: Talk,
    file: Any,
    folder: Any,
    *,
    force: bool,
    gates: tuple[str, ...] = (),
    **settings: Any,
) -> None:
    """Run the study and write its folder; say the verdict and the report's path.

    Parameters
    ----------
    talk : Talk
        Where to speak.
    file, folder : path
        The table and the run folder.
    force : bool
        Replace the folder of an earlier run.
    gates : tuple of str, default=()
        Findings that make the exit code 1, once everything is written.
    **settings
        Passed on to `run_study`.
    """
    from ntkreg.study import (
        check_free,
        decisions_in_words,
        failed_gates,
        knowledge_in_words,
        run_study,
        write_run,
    )

    check_free(folder, force=force)
    with talk.progress() as progress:
        result = run_study(file, progress=progress, **settings)
    report = write_run(result, folder, language=talk.language, force=force)
    content = result.content
    talk.warn([entry.message for entry in content.dataset.ledger.of("warning")])
    talk.warn([leak.message for leak in content.leaks])
    talk.failures(content.benchmark.failures)
    for sentence in content.benchmark.verdict:
        talk.result(sentence.text(talk.language))
    for sentence in decisions_in_words(content.intervals, content.decisions):
        talk.say(sentence)
    for sentence in knowledge_in_words(content.knowledge, content.benchmark.chosen):
        talk.say(sentence)
    for sentence in content.declined:
        talk.result(f"{sentence.text(talk.language)} {sentence.hint(talk.language)}".rstrip())
    talk.result(str(report))
    failed = failed_gates(content, gates)
    talk.warn(failed)
    if failed:
        raise typer.Exit(GATE_FAILED)
