"""`ntkreg benchmark`: the leaderboard only."""

from __future__ import annotations

from . import options
from .talk import Talk


def benchmark(
    file: options.File,
    target: options.Target,
    out: options.Out,
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
    seed: options.Seed = 0,
    models: options.Models = None,
    force: options.Force = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compare the models on the same folds."""
    from ntkreg.study import check_free, compare_models, leaderboard_table, write_leaderboard

    talk = Talk(lang, quiet)
    check_free(out, force=force)
    with talk.progress() as progress:
        result, dataset = compare_models(
            file,
            target,
            group=group,
            time=time,
            drop=drop or (),
            seed=seed,
            progress=progress,
            **options.chosen_names(models),
            **options.reading(
                sheet, encoding, header_row, no_header, fill_merged, keep, missing, censored
            ),
        )
    write_leaderboard(result, out, force=force)
    talk.warn([entry.message for entry in dataset.ledger.of("warning")])
    talk.failures(result.failures)
    talk.table(leaderboard_table(result))
    for sentence in result.verdict:
        talk.result(sentence.text(talk.language))
    talk.result(str(out))
