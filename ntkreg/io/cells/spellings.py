"""Numbers in spellings that programs and people have: 1,234.5-, ▲3, 1.2×10^3, ￥1,200."""

from __future__ import annotations

import re

# Unicode's narrow form of 10² is 102 and that of 12① is 121: a mark keeps them apart
_RAISED = re.compile("(?<=[0-9０-９.])[⁰¹²³⁴-⁹]")
_ENCLOSED = re.compile("[①-⓿❶-➓㈠-㊰㋐-㋾]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_NO_NUMBER = "\ue000"

_PLAIN = re.compile(r"[+-]?\d*\.?\d*(?:e[+-]?\d+)?")
_POWER = re.compile(r"\s*[×x*·]\s*10\s*(?:\^|\*\*)\s*\(?([+-]?\d+)\)?")
_FORTRAN = re.compile(r"(?<=[\d.])d(?=[+-]\d)")
_MINUS_IN_FRONT = re.compile("^[▲△ー—―‒]\\s*(?=[\\d.¥])")
# loggers put the sign into a column of its own
_SIGN_APART = re.compile(r"^([+-])\s+(?=\.?\d)")
_MINUS_BEHIND = re.compile(r"([\d.,' ]*\d)-")
_QUOTE_IN_FRONT = re.compile(r"^'(?=[+-]?(?:[1-9]|0?[.,]|0$))")
_CURRENCY = re.compile(r"([+-]?)\s*([¥$€£\\])\s*([+-]?[\d.,' ]*\d)")
_ARABIC = str.maketrans({"٬": " "})


def guarded(text: str) -> str:
    """Return a text whose raised and enclosed digits cannot pass for plain ones.

    Examples
    --------
    >>> guarded("10²"), guarded("m²"), guarded("①").isdigit()
    ('10^²', 'm²', False)
    """
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    return _ENCLOSED.sub(_NO_NUMBER, _RAISED.sub(r"^\g<0>", text))


def respelt(text: str, decimal: str = ".") -> str:
    """Return a narrow, lower-case text as a program writes numbers, if it is one.

    Examples
    --------
    >>> respelt("▲3.5"), respelt("1.234,5-", ","), respelt("1.2×10^3"), respelt("+  25.3")
    ('-3.5', '-1.234,5', '1.2e3', '+25.3')
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _QUOTE_IN_FRONT.sub("", _MINUS_IN_FRONT.sub("-", text))
    text = _SIGN_APART.sub(r"\1", text)
    behind = _MINUS_BEHIND.fullmatch(text)
    if behind:
        return "-" + behind.group(1)
    if "٫" in text or "٬" in text:
        text = text.translate(_ARABIC).replace("٫", decimal)
    return _FORTRAN.sub("e", _POWER.sub(r"e\1", text))


def currency_last(text: str) -> str:
    """Return an amount of money with its sign behind, like any other unit.

    Examples
    --------
    >>> currency_last("¥1,200"), currency_last("12 mm")
    ('1,200¥', '12 mm')
    """
    match = _CURRENCY.fullmatch(text)
    if match is None:
        return text
    sign, unit, number = match.groups()
    return f"{sign}{number}{'¥' if unit == chr(92) else unit}"
