"""The language of the user is found before anything is parsed."""

import pytest
import typer

from ntkreg.messages import catalogue
from ntkreg_cli.app import app
from ntkreg_cli.language import choose_language, translate_help


@pytest.mark.parametrize(
    ("argv", "environ", "language"),
    [
        (["run", "--lang", "ja"], {"LANG": "C"}, "ja"),
        (["run", "--lang=en"], {"LANG": "ja_JP.UTF-8"}, "en"),
        ([], {"LC_ALL": "ja_JP.eucJP", "LANG": "en_US.UTF-8"}, "ja"),
        ([], {"LANG": "fr_FR.UTF-8"}, "en"),
        (["--lang"], {"LANG": "C"}, "en"),
    ],
)
def test_option_comes_before_environment(argv, environ, language):
    assert choose_language(argv, environ) == language


def test_without_environment_the_locale_decides(monkeypatch):
    monkeypatch.setattr("locale.getlocale", lambda: ("Japanese_Japan", "932"))
    assert choose_language([], {}) == "ja"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_command_and_option_has_help_in_words(language):
    command = typer.main.get_command(app)
    translate_help(command, language)
    for child in command.commands.values():
        for item in (child, *child.params):
            assert item.help
            assert item.help not in catalogue()
