"""Texts in two languages and number formats."""

from __future__ import annotations

import re

import pytest

from ntkreg.messages import LANGUAGES
from ntkreg.reporting.text import cut, number, p_value, quantity, texts, without_paths

KANA_OR_KANJI = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff01-\uff60]")


def flatten(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def test_both_languages_have_the_same_keys():
    first, second = ({key for key, _ in flatten(texts(lang))} for lang in LANGUAGES)
    assert first == second


def test_both_languages_use_the_same_fields():
    first, second = (dict(flatten(texts(lang))) for lang in LANGUAGES)
    fields = re.compile(r"{(\w+)}")
    for key, text in first.items():
        assert sorted(fields.findall(text)) == sorted(fields.findall(second[key])), key


def test_english_texts_contain_no_japanese():
    assert not [key for key, text in flatten(texts("en")) if KANA_OR_KANJI.search(text)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.41237, "0.4124"),
        (-3.0, "−3"),
        (12345.6, "12,346"),
        (2.5e-7, "2.5×10⁻⁷"),
        (0.0, "0"),
        (float("nan"), "–"),
        (float("inf"), "∞"),
        (None, "–"),
    ],
)
def test_numbers_have_four_digits_and_real_minus_signs(value, shown):
    assert number(value) == shown


def test_scores_keep_their_trailing_zeros():
    assert number(0.5, pad=True) == "0.5000"


def test_a_quantity_has_its_unit():
    assert quantity(48.2, "MPa") == "48.2 MPa"


def test_small_p_values_are_bounded():
    assert (p_value(1e-9), p_value(0.0421)) == ("< 0.001", "0.042")


def test_full_width_characters_count_twice_when_cut():
    assert cut("保圧時間の設定値", 9) == "保圧時間…"
    assert cut("abcdefgh", 8) == "abcdefgh"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/sato/data/lot.xlsx", "lot.xlsx"),
        (r"C:\Users\佐藤 花子\lot.xlsx", "lot.xlsx"),
        (r"\\server\share\lot.csv", "lot.csv"),
        ("実験条件/温度", "実験条件/温度"),
        ("80 mm/s", "80 mm/s"),
    ],
)
def test_folders_do_not_reach_the_reader(text, shown):
    assert without_paths(text) == shown
