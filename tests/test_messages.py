"""Every sentence exists in both languages, is used, and is asked for under a code that exists."""

import re
import string
from pathlib import Path

import pytest

from ntkreg.messages import LANGUAGES, Sentence, catalogue

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"\b[EWRIV]\d{3}\b")
# the bare text, which the catalogue's own docstring shows
WITHOUT_USE = {"V000"}


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def codes_in_source():
    for folder in ("ntkreg", "cli"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".py", ".j2", ".html"):
                yield from CODE.findall(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_both_languages_say_the_same(code):
    entry = catalogue()[code]
    assert {"en", "ja"} <= set(entry) <= {"en", "ja", "en_hint", "ja_hint"}
    assert fields(entry["en"]) == fields(entry["ja"])
    assert fields(entry.get("en_hint", "")) == fields(entry.get("ja_hint", ""))
    assert ("en_hint" in entry) == ("ja_hint" in entry)
    assert all(text.strip() for text in entry.values())


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_japanese_is_japanese_and_english_is_not(code):
    japanese = re.compile(r"[ぁ-んァ-ヶ一-龥]")
    for key, text in catalogue()[code].items():
        words = re.sub(r"\{[^}]*\}", "", text)
        if re.search(r"[A-Za-z]{4}", words):
            assert bool(japanese.search(words)) or key.startswith("en"), text
        assert not (key.startswith("en") and japanese.search(words)), text


def test_every_code_in_the_source_has_a_sentence_and_every_sentence_is_used():
    used = set(codes_in_source())
    assert sorted(used - set(catalogue())) == []
    assert sorted(set(catalogue()) - used - WITHOUT_USE) == []


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_sentences_can_be_formatted(code):
    sentence = Sentence(code, values_for(catalogue()[code].values()))
    for language in LANGUAGES:
        assert "{" not in sentence.text(language) + sentence.hint(language)


def values_for(texts):
    """Give each field a value of the kind that its format asks for."""
    parts = [part for text in texts for part in string.Formatter().parse(text)]
    return {name: "x" if (spec or "").endswith("s") else 1 for _, name, spec, _ in parts if name}
