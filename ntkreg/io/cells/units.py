"""Units of measurement in headers, in unit rows and glued to numbers."""

from __future__ import annotations

import re
import unicodedata

_SYMBOL = (
    "[nµuμmck]?m|[nµuμmk]?g|[nµumM]?[sSAWVJFT]|k[VWJA]|G[WJ]|[µmkM]?N|[hkmMG]?Pa|[kMG]?Hz|[µum]?[Ll]|dL|dl|"
    "[nµumk]?mol|m?bar|cd|lm|lx|C|[mkM]?Ω|[kM]?eV|k?cal|dB|m?P|c?St|m?M|t"
)
_WORD = (
    "℃|°C|°F|℉|degC|K|Å|%|％|‰|ppm|ppb|ppt|wt%|mass%|vol%|mol%|at%|wt|phr|rpm|min|sec|hr|hrs|h|d|"
    "day|days|ton|t|in|inch|ft|psi|ksi|Torr|mmHg|atm|mPas|cps|cP|mil|deg|°|rad|pH|a\\.u\\.|Mpa|mpa|"
    "kpa|gpa|cc|pcs|times|shot|shots|hour|hours|seconds|minutes|"
    "kgf|gf|tf|lbs?|oz|bar[ga]|Wh|kWh|Ah|mAh|NTU|cfu|CFU|IU|vol|dyn|cm-1|μɛ|µε|ppmw|ppmv|wtppm|Nm3|Nm³|Sm3|"
    "¥|€|£|\\$|万円|千円|"
    "質量%|重量%|体積%|重量部|質量部|部|秒|分|時間|時|日|回|枚|個|本|度|円|台|点|倍|万kW|万kWh|株"
)
_ATOM = f"(?:{_WORD}|{_SYMBOL})(?:\\^?-?[1-4²³])?"
_POWER = "×\\s*10\\^?[-+]?\\d+\\s*"
_UNIT = re.compile(f"(?:1/|{_POWER})?{_ATOM}(?:[·・⋅*/. ](?:10{{1,3}})?{_ATOM}){{0,3}}")
_IN_BRACKETS = re.compile(r"[\[(（［〔【]\s*([^\[\]()（）［］〔〕【】]*?)\s*[\])）］〕】]\s*$")
_WORD_FOR_UNIT = re.compile(r"^(?:単位|units?)\s*[:：]\s*", re.IGNORECASE)
_EXPLICIT = "[［〔【"


def is_unit(text: str) -> bool:
    """Return whether a text is a unit of measurement.

    Examples
    --------
    >>> is_unit("℃"), is_unit("m/s"), is_unit("g/cm3"), is_unit("28-day")
    (True, True, True, False)
    """
    return _UNIT.fullmatch(_narrow(text)) is not None


def bare_unit(text: str) -> str:
    """Return a unit without the brackets around it and the word for it.

    Examples
    --------
    >>> bare_unit("[MPa]"), bare_unit("単位：mm"), bare_unit("(unit: s)")
    ('MPa', 'mm', 's')
    """
    match = _IN_BRACKETS.fullmatch(text.strip())
    return _WORD_FOR_UNIT.sub("", match.group(1) if match else text.strip())


def unit_of_header(header: str) -> str | None:
    """Return the unit in the brackets that end a header, or None.

    Square brackets always hold a unit. Round ones do so only when their content looks like one,
    because they hold remarks as often.

    Examples
    --------
    >>> [unit_of_header(text) for text in ("温度[℃]", "圧力（MPa）", "Strength (28-day)")]
    ['℃', 'MPa', None]
    """
    match = _IN_BRACKETS.search(header)
    if not match or not match.group(1) or match.start() == 0:
        return None
    content = _WORD_FOR_UNIT.sub("", match.group(1))
    explicit = header[match.start()] in _EXPLICIT
    return content if explicit or is_unit(content) else None


def without_unit(header: str) -> str:
    """Return a header without a unit in brackets at its end."""
    match = _IN_BRACKETS.search(header)
    return header[: match.start()] if match and match.start() > 0 else header


def same_unit(first: str, second: str) -> bool:
    """Return whether two texts name one unit, however written.

    Examples
    --------
    >>> same_unit("[°C]", "℃"), same_unit("mm", "cm"), same_unit("MPa", "Mpa")
    (True, False, True)
    """
    one, other = (_narrow(bare_unit(text)).replace("μ", "µ") for text in (first, second))
    # mW and MW differ by the case of their first letter, MPa and Mpa by carelessness
    return one == other or (one[:1] == other[:1] and one.casefold() == other.casefold())


def _narrow(text: str) -> str:
    # NFKC as a whole would turn ℃ into °C, which is harmless here but not the sign of micro
    return unicodedata.normalize("NFKC", text.strip()).replace("°C", "℃").replace("μ", "µ")
