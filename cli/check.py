"""`ntkreg check`: what was read and why; no training."""

from __future__ import annotations

from typing import Any

from ntkreg.messages import Sentence

from . import options
from .talk import Talk, json_text

_KINDS = {"numeric": "I711", "category": "I712", "date": "I713", "identifier": "I714",
          "text": "I715", "constant": "I716"}  # fmt: skip
_ROLES = {"feature": "I721", "target": "I722", "group": "I723", "time": "I724", "dropped": "I725"}
_HEADINGS = ("I731", "I732", "I733", "I734", "I735")


def check(
    file: options.File,
    target: options.OptionalTarget = None,
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
    as_json: options.Json = False,
    lang: options.LangOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Show how a file is read, every repair, and possible leaks."""
    from ntkreg.study import check_table

    talk = Talk(lang, quiet)
    document = check_table(
        file,
        target,
        group=group,
        time=time,
        drop=drop or (),
        language=talk.language,
        **options.reading(
            sheet, encoding, header_row, no_header, fill_merged, keep, missing, censored
        ),
    )
    if as_json:
        talk.result(json_text(document))
    else:
        _show(document, talk)


def _show(document: dict[str, Any], talk: Talk) -> None:
    import pandas as pd

    def word(code: str, **values: Any) -> str:
        return Sentence(code, values).text(talk.language)

    talk.result(word("I701" if document["sheet"] else "I702", **document))
    rows = [
        (c["name"], c["unit"] or "", word(_KINDS[c["kind"]]), c["n_missing"],
         word(_ROLES[c["role"]]) if c["role"] else "")
        for c in document["columns"]
    ]  # fmt: skip
    talk.table(pd.DataFrame(rows, columns=[word(code) for code in _HEADINGS]))
    for code, entries in (
        ("I741", document["notes"]),
        ("I742", document["repairs"]),
        ("I743", document["warnings"]),
    ):
        if entries or code != "I741":
            talk.result(word(code, n=len(entries)))
        for entry in entries:
            talk.result(f"  {entry['code']}  {entry['message']} {entry['hint']}".rstrip())
