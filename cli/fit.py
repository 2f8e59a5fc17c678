"""`ntkreg fit`: one model on all rows."""

from __future__ import annotations

import math

from ntkreg.messages import Sentence

from . import options
from .talk import Talk


def fit(
    file: options.File,
    target: options.Target,
    out: options.Out,
    model: options.OneModel = options.NETWORK,
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
    force: options.Force = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Fit one model on all rows and write it into a folder."""
    from ntkreg.persistence import save_model
    from ntkreg.study import check_free, fit_model, new_folder

    talk = Talk(lang, quiet)
    check_free(out, force=force)
    fitted, dataset = fit_model(
        file,
        target,
        name=model.value,
        group=group,
        time=time,
        drop=drop or (),
        seed=seed,
        **options.reading(
            sheet, encoding, header_row, no_header, fill_merged, keep, missing, censored
        ),
    )
    with new_folder(out, force=force) as folder:
        save_model(folder, fitted)
    talk.warn([entry.message for entry in dataset.ledger.of("warning")])
    values = {"model": fitted.name, "n_rows": dataset.n_rows, "target": fitted.target.name,
              "half_width": fitted.interval.half_width}  # fmt: skip
    talk.say(Sentence("I694", values))
    if math.isfinite(fitted.interval.coverage):
        shares = {"confidence": 100.0 * fitted.interval.confidence,
                  "coverage": 100.0 * fitted.interval.coverage}  # fmt: skip
        talk.say(Sentence("I708", shares))
    talk.result(str(out))
