"""Results on stdout, talk on stderr, in one language."""

import io
import json
import sys

import pandas as pd

from ntkreg_cli.options import Lang
from ntkreg_cli.talk import Talk, json_text


def test_quiet_means_no_talk_but_results(capsys):
    talk = Talk(Lang.en, quiet=True)
    talk.failures([("ridge", "ValueError: x")])
    with talk.progress() as progress:
        progress(0, 1, "ridge")
    talk.result("done")
    assert capsys.readouterr() == ("done\n", "")


def test_failures_are_warnings(capsys):
    Talk(Lang.ja).failures([("ridge", "ValueError: " + "x" * 80)])
    assert capsys.readouterr().err.endswith("x" * 80 + " (W650)\n")


def test_tables_are_not_cut_in_a_pipe(capsys):
    wide = "長い列名" * 40
    Talk(Lang.en).table(pd.DataFrame({wide: [1.5, float("nan")], "b[/x]": ["[red]", None]}))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [wide, "b[/x]"]
    assert lines[1].split() == ["1.5", "[red]"]


def test_json_survives_a_narrow_console(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp932")
    monkeypatch.setattr(sys, "stdout", narrow)
    text = json_text({"列": "한글"})
    assert text.isascii()
    assert json.loads(text) == {"列": "한글"}


def test_a_terminal_gets_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Talk(Lang.en).progress() as progress:
        progress(1, 2, "explain ridge")
    assert "explaining ridge" in terminal.getvalue()
