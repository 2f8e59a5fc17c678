"""Every sentence a user may read, by stable code, in Japanese and English.

The catalogue is the ``*.toml`` files beside this module, one a topic. An entry is::

    [E104]
    en = "There is no column named {target} in {file}."
    ja = "{file} に列 {target} はありません。"
    en_hint = "Did you mean {near}?"
    ja_hint = "{near} ではありませんか。"

The hints are optional. Codes beginning with E are errors, W warnings, R repairs, I plain
information, V verdicts. A :class:`Sentence` carries a code and its values through the program
and becomes text only where somebody reads it, so one run can speak both languages.
"""

from __future__ import annotations

import functools
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

Language = Literal["ja", "en"]
LANGUAGES: tuple[Language, ...] = ("ja", "en")
MAX_VALUE_LENGTH = 40


@functools.cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return all entries by code.

    Raises
    ------
    ValueError
        If two files define the same code.
    """
    entries: dict[str, Mapping[str, str]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        for code, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if code in entries:
                raise ValueError(f"message code {code} is defined twice (again in {file.name})")
            entries[code] = entry
    return entries


class _Said(str):
    """A sentence inside another one; its own values are cut already."""


class _Formatter(string.Formatter):
    """`str.format` that cuts long values, so that one cell cannot flood a terminal."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, _Said):
            return value
        if isinstance(value, str) and not format_spec:
            return value if len(value) <= MAX_VALUE_LENGTH else value[: MAX_VALUE_LENGTH - 1] + "…"
        if isinstance(value, tuple | list) and not format_spec:
            return ", ".join(self.format_field(item, "") for item in value)
        return str(super().format_field(value, format_spec))


@dataclass(frozen=True)
class Sentence:
    """A catalogue code with the values that belong into it.

    Parameters
    ----------
    code : str
        Key of the catalogue.
    values : mapping of str to object, default={}
        Named values of the template. Lists are joined with commas, long texts are cut, sentences
        are spoken in the language of the whole.

    Examples
    --------
    >>> from ntkreg.messages import Sentence
    >>> Sentence("V000", {"text": "ready"}).text("en")
    'ready'
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """Return the sentence in one language."""
        return self._fill(catalogue()[self.code][language], language)

    def hint(self, language: Language) -> str:
        """Return what the reader can do about it, or an empty string."""
        return self._fill(catalogue()[self.code].get(f"{language}_hint", ""), language)

    def _fill(self, template: str, language: Language) -> str:
        values = {name: _spoken(value, language) for name, value in self.values.items()}
        return _Formatter().vformat(template, (), values)


def _spoken(value: Any, language: Language) -> Any:
    if isinstance(value, Sentence):
        return _Said(value.text(language))
    if isinstance(value, tuple | list):
        return [_spoken(item, language) for item in value]
    return value
