"""Which language the user reads, and help texts in it."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ntkreg.messages import LANGUAGES, Language, Sentence, catalogue
from ntkreg.models import MODEL_NAMES


def choose_language(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Language:
    """Return the language of the option ``--lang``, else that of the environment, else English.

    Parameters
    ----------
    argv : sequence of str
        Command-line arguments; looked at before they are parsed, because errors and help need it.
    environ : mapping of str to str, optional
        Default: the process environment.
    """
    asked = _asked(argv)
    for language in LANGUAGES:
        if asked == language:
            return language
    environ = os.environ if environ is None else environ
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(variable):
            return "ja" if environ[variable].lower().startswith("ja") else "en"
    return "ja" if (locale.getlocale()[0] or "").lower().startswith("ja") else "en"


def _asked(argv: Sequence[str]) -> str | None:
    for i, argument in enumerate(argv):
        if argument == "--lang" and i + 1 < len(argv):
            return argv[i + 1]
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
    return None


def translate_help(command: Any, language: Language) -> None:
    """Replace the catalogue codes in a command's help texts by sentences, in place.

    Parameters
    ----------
    command : click command
        With its sub-commands and parameters.
    language : {"ja", "en"}
        Language of the texts.
    """
    for item in (command, *command.params):
        if getattr(item, "help", None) in catalogue():
            item.help = Sentence(item.help, {"models": MODEL_NAMES}).text(language)
    for child in getattr(command, "commands", {}).values():
        translate_help(child, language)
