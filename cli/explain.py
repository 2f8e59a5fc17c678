"""`ntkreg explain`: why a saved model predicts what it predicts."""

from __future__ import annotations

from . import options
from .talk import Talk


def explain(
    folder: options.ModelFolder,
    file: options.File,
    out: options.Out,
    sheet: options.Sheet = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    no_header: options.NoHeader = False,
    fill_merged: options.FillMerged = False,
    seed: options.Seed = 0,
    force: options.Force = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Explain a saved model on the rows of a file as one HTML page."""
    from ntkreg.persistence import load_model
    from ntkreg.study import check_free_file, explain_file, write_explanation_page

    talk = Talk(lang, quiet)
    check_free_file(out, force=force, sources=(file,))
    model = load_model(folder)
    reading = options.reading(sheet, encoding, header_row, no_header, fill_merged)
    with talk.progress() as progress:
        progress(0, 1, f"explain {model.name}")
        explanation, dataset = explain_file(model, file, seed=seed, **reading)
    write_explanation_page(explanation, dataset, out, talk.language)
    talk.warn([entry.message for entry in dataset.ledger.of("warning")])
    talk.result(str(out))
