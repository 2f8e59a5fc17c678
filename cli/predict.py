"""`ntkreg predict`: the rows of a file with a saved model."""

from __future__ import annotations

from ntkreg.messages import Sentence

from . import options
from .talk import Talk


def predict(
    folder: options.ModelFolder,
    file: options.File,
    out: options.Out,
    sheet: options.Sheet = None,
    lsl: options.Lsl = None,
    usl: options.Usl = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    no_header: options.NoHeader = False,
    fill_merged: options.FillMerged = False,
    force: options.Force = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Predict the rows of a file with intervals."""
    from ntkreg.persistence import load_model
    from ntkreg.study import check_ending, check_free_file, predict_file, write_predictions

    talk = Talk(lang, quiet)
    check_ending(out)
    check_free_file(out, force=force, sources=(file,))
    model = load_model(folder)
    reading = options.reading(sheet, encoding, header_row, no_header, fill_merged)
    predictions = predict_file(model, file, language=talk.language, lsl=lsl, usl=usl, **reading)
    write_predictions(predictions, out, talk.language)
    talk.warn([entry.message for entry in predictions.ledger.of("warning")])
    if predictions.scores is not None:
        values = {"r2": predictions.scores.r2, "rmse": predictions.scores.rmse,
                  "target": model.target.name}  # fmt: skip
        talk.say(Sentence("I695", values))
    outside = int((~predictions.rows.in_domain).sum())
    if outside:
        talk.warn([Sentence("W651", {"n": outside, "n_rows": len(predictions.table)})])
    talk.result(str(out))
