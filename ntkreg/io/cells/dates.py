"""Calendar dates and clock times written as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1)
_CLOCK = (
    r"(?:[T\s]\s*(?P<hour>\d{1,2})"
    r"(?:[:.時](?P<minute>\d{2})(?:[:.分](?P<second>\d{2}(?:[.:]\d+)?)秒?|分)?|時)Z?)?"
)
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})[-/.年]\s?(?P<month>\d{1,2})[-/.月]\s?(?P<day>\d{1,2})日?(?:\([^)]\))?"
    + _CLOCK
)
_YEAR_LAST = re.compile(r"(?P<first>\d{1,2})[-/.](?P<other>\d{1,2})[-/.](?P<year>\d{4})" + _CLOCK)
_MONTH = re.compile(r"(?P<year>(?:19|20)\d\d)(?:/(?P<month>\d{1,2})|年(?P<kanji>\d{1,2})月)")
_ERA = re.compile(
    r"(?P<era>令和|平成|昭和|[RHS])\s?(?P<year>\d{1,2}|元)[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    + _CLOCK
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTH_NAMES = frozenset(_MONTHS[i : i + 3] for i in range(0, 36, 3))
_GERMAN = {"mär": "mar", "mai": "may", "okt": "oct", "dez": "dec"}
_CENTURY = 70
_NAMED_MONTH = re.compile(
    r"(?P<day>\d{1,2})[-./ ]\s?(?P<name>[A-Za-zä]{3,9})\.?[-./ ](?P<year>\d{4}|\d{2})" + _CLOCK
)
_US_ORDER = re.compile(
    r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})(?P<rest>(?: .*)?)"
)
_WEEKDAY = re.compile(
    r"\s?\([月火水木金土日](?:曜日?)?\)|\s?[月火水木金土日]曜日?"
    r"|^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? ",
    re.IGNORECASE,
)
_BLANK_BY_KANJI = re.compile(r"\s*([年月])\s*|\s+(?=日)|(?<=[和成])\s+")
_DAY_AND_CLOCK = re.compile(r"日(?=\d)")
_LONGEST = 50
_ZONE = re.compile(r"(?<=\d)(?:\s?(?:[+-]\d{2}:?\d{2}|UTC|GMT|JST))$")
_HALF = re.compile(r"(?<=[\d\s])(午前|午後|[ap]m|[ap]\.m\.)(?=[\s\d]|$)", re.IGNORECASE)
_ERA_START = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
_TIME = re.compile(
    r"(?P<hour>\d{1,3})(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:\.\d+)?))?"
    r"|\.(?P<minute2>[0-5]\d)\.(?P<second2>[0-5]\d)|時間?(?:(?P<minute3>\d{1,2})分)?"
    r"|h(?P<minute4>[0-5]\d)(?:m(?:in)?)?)"
)


def hours_of(cell: Any) -> float | None:
    """Return a clock time or a duration ("1:30", "18.00.00") in hours; None if it is none.

    Examples
    --------
    >>> hours_of("1:30")
    1.5
    """
    if isinstance(cell, time):
        return cell.hour + cell.minute / 60 + (cell.second + cell.microsecond / 1e6) / 3600
    if isinstance(cell, timedelta):
        return cell.total_seconds() / 3600
    if not isinstance(cell, str):
        return None
    match = _TIME.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    if match is None:
        return None
    part = match.groupdict()
    minute = part["minute"] or part["minute2"] or part["minute3"] or part["minute4"] or 0
    return (
        int(part["hour"]) + int(minute) / 60 + float(part["second"] or part["second2"] or 0) / 3600
    )


def is_date(cell: Any) -> bool:
    """Return whether a cell is a calendar date in any of the forms read here."""
    if not isinstance(cell, str):
        return isinstance(cell, date)
    found = _read(cell)
    return found is not None and any(
        _seconds(found[0], way, found[1]) is not None for way in (True, False)
    )


def seconds_of(cell: Any, *, day_first: bool = True) -> float | None:
    """Return the seconds from 1970-01-01 to a calendar date; None if the cell is none.

    Parameters
    ----------
    cell : object
        A datetime, a date or a text such as 2024-01-05, 2024年1月5日, 令和6年1月5日, 05/01/2024.
    day_first : bool, default=True
        Whether 05/01/2024 is the fifth of January.
    """
    if isinstance(cell, datetime):
        return (cell.replace(tzinfo=None) - _EPOCH).total_seconds()
    if isinstance(cell, date):
        return (datetime(cell.year, cell.month, cell.day) - _EPOCH).total_seconds()
    if not isinstance(cell, str):
        return None
    found = _read(cell)
    return None if found is None else _seconds(found[0], day_first, found[1])


def _read(cell: str) -> tuple[dict[str, str | None], bool | None] | None:
    """Parts of a date, and which half of the day is meant; None if a text is no date."""
    text = unicodedata.normalize("NFKC", cell).strip()
    part, afternoon = _parts(text), None
    if part is None and len(text) <= _LONGEST and text[:1].isalnum():
        text, afternoon = _without_half(tidy_date(text))
        part = _parts(text)
    return None if part is None else (part, afternoon)


def _parts(text: str) -> dict[str, str | None] | None:
    for pattern in (_YEAR_FIRST, _ERA, _YEAR_LAST, _NAMED_MONTH, _MONTH):
        match = pattern.fullmatch(text)
        if match:
            return match.groupdict()
    return None


def tidy_date(text: str) -> str:
    """Return a date in narrow characters, without the day of the week and the time zone.

    Examples
    --------
    >>> tidy_date("令和 6 年 1 月 5 日 金曜日"), tidy_date("2024-01-05T08:30:00+09:00")
    ('令和6年1月5日', '2024-01-05T08:30:00')
    """
    narrow = unicodedata.normalize("NFKC", text).strip()
    named = _US_ORDER.fullmatch(narrow)
    if named:
        narrow = f"{named['day']} {named['name']} {named['year']}{named['rest']}"
    narrow = _BLANK_BY_KANJI.sub(r"\1", _WEEKDAY.sub("", narrow)).strip()
    return _ZONE.sub("", _DAY_AND_CLOCK.sub("日 ", narrow))


def _without_half(text: str) -> tuple[str, bool | None]:
    """Divide off the half of the day: True for the afternoon, None if it is not said."""
    match = _HALF.search(text)
    if match is None:
        return text, None
    rest = f"{text[: match.start()].rstrip()} {text[match.end() :].lstrip()}".strip()
    return rest, match.group(1).lower() in ("午後", "pm", "p.m.")


def _seconds(part: dict[str, str | None], day_first: bool, afternoon: bool | None) -> float | None:
    year_text = part["year"] or ""
    year = 1 if year_text == "元" else int(year_text)
    year += _ERA_START.get(part.get("era") or "", 0)
    month, day = part.get("month") or part.get("kanji"), part.get("day") or "1"
    if part.get("name"):
        year += 0 if year > 99 else 2000 if year < _CENTURY else 1900
        name = (part["name"] or "").lower()[:3]
        name = _GERMAN.get(name, name)
        month = str(_MONTHS.index(name) // 3 + 1) if name in _MONTH_NAMES else "0"
    if part.get("first"):
        month, day = part["other"], part["first"] or ""
        if not day_first:
            month, day = day, month
    try:
        start = (datetime(year, int(month or 0), int(day)) - _EPOCH).total_seconds()
    except ValueError:
        return None
    clock = [
        float((part.get(name) or "0").replace(":", ".")) for name in ("hour", "minute", "second")
    ]
    if afternoon is not None and clock[0] <= 12:
        clock[0] = clock[0] % 12 + 12 * afternoon
    # added, not constructed: loggers write 24:00 for midnight
    return start + 3600 * clock[0] + 60 * clock[1] + clock[2]


def day_order(cells: Iterable[Any]) -> bool | None:
    """Return whether dates such as 13/02/2024 have the day first; None if nothing decides.

    A column without such dates is not ambiguous and gives True.
    """
    firsts, others = [], []
    for cell in cells:
        match = (
            _YEAR_LAST.fullmatch(_without_half(tidy_date(cell))[0])
            if isinstance(cell, str)
            else None
        )
        if match:
            firsts.append(int(match["first"]))
            others.append(int(match["other"]))
    if not firsts or max(firsts) > 12:
        return True
    return False if max(others) > 12 else None
