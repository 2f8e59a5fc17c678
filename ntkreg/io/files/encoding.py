"""Bytes of a text file -> text: byte order mark, UTF-8, cp932, else a guess that is announced."""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from ntkreg.exceptions import InputError
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

# the 32-bit marks begin with the 16-bit ones and must be tried first
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's shift_jis lacks ①, ㈱ and 髙, which every Japanese Windows program writes
_JAPANESE_WINDOWS = {"shift_jis", "shift-jis", "sjis", "s_jis", "ms932", "windows-31j", "932"}
_HALFWIDTH_RUN = re.compile("[\uff61-\uff9f]{2,}")
_KANA = re.compile("[ぁ-んァ-ヶ]")
_MIN_KANA = 2
_COMMON = re.compile("[ぁ-んァ-ヶ一-\u9fff]")
_HALFWIDTH = re.compile("[\uff61-\uff9f]")
# a share of bad characters above this is another encoding, not damage
_FEW_DAMAGED = 0.05
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_WESTERN = re.compile(r"[À-ÖØ-öø-ÿŠšŽžŒœŸ°µ±²³·×€–—‘’“”…®™½¼¾ª º§]*")
_LEVEL_2_LEAD = 0x98
_VENDOR_LEAD = 0xFA
_PLAUSIBLE = 0.6
_SAMPLE_BYTES = 1_000_000

Decoded = tuple[str, str, tuple[LedgerEntry, ...]]


def decode(data: bytes, file: str, encoding: str | None = None) -> Decoded:
    """Return the text of a file, the name of its encoding and what there is to say about it.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str
        File name for messages.
    encoding : str, optional
        The user's word. A byte order mark still wins.

    Raises
    ------
    InputError
        If the bytes do not fit the encoding asked for, or no encoding at all.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _strict(data, name, file), name, ()
    if encoding is not None:
        name = _known_name(encoding, file)
        return _strict(data, name, file), name, ()
    for name in ("utf-8", "cp932"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if name == "utf-8":
            return text, name, ()
        if looks_japanese(text):
            return _japanese(data, text)
    return _guess(data, file)


def _japanese(data: bytes, text: str) -> Decoded:
    """Tell cp932 from EUC-JP, whose kanji are half-width kana in pairs to cp932."""
    if not _HALFWIDTH_RUN.search(text[:_SAMPLE_BYTES]):
        return text, "cp932", ()
    try:
        other = data.decode("euc_jp")
    except UnicodeDecodeError:
        return text, "cp932", ()
    if len(_KANA.findall(other[:_SAMPLE_BYTES])) >= _MIN_KANA:
        return other, "euc_jp", (_guessed("euc_jp", other),)
    return text, "cp932", (_guessed("cp932", text),)


def looks_japanese(text: str) -> bool:
    """Return whether text decoded as cp932 reads as Japanese rather than as another code's bytes.

    A Western "°C" also is valid cp932 (a lone half-width kana) and an accented letter with its
    neighbour a rare kanji. So full-width kana, symbols and the 2965 common kanji (JIS level 1)
    speak for Japanese, lone half-width kana and rare kanji against.

    Examples
    --------
    >>> looks_japanese("温度[℃]"), looks_japanese("Temp ｰC")
    (True, False)
    """
    foreign = "".join(_NON_ASCII.findall(text[:_SAMPLE_BYTES]))
    if not foreign:
        return True
    good = sum(len(run) for run in _HALFWIDTH_RUN.findall(text[:_SAMPLE_BYTES]))
    for character in set(foreign):
        code = character.encode("cp932")
        if len(code) == 2 and (code[0] < _LEVEL_2_LEAD or code[0] >= _VENDOR_LEAD):
            good += foreign.count(character)
    return good >= _PLAUSIBLE * len(foreign)


def _known_name(encoding: str, file: str) -> str:
    name = encoding.strip().lower()
    if name in _JAPANESE_WINDOWS:
        return "cp932"
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise InputError("E117", {"file": file}, encoding=encoding) from None


def _strict(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        where = {"file": file, "row": row}
        raise InputError(
            "E116", where, file=file, encoding=encoding, row=row, bytes=_hex(data, error.start)
        ) from error


def _hex(data: bytes, start: int) -> str:
    return data[start : start + 4].hex(" ")


def _guess(data: bytes, file: str) -> Decoded:
    """Decode bytes that are neither UTF-8 nor plausible Japanese, and say so with a sample."""
    if _is_damaged(data):
        _strict(data, "cp932", file)
    name = "cp1252" if _is_western(data) else None
    if name is None:
        best = charset_normalizer.from_bytes(data[:_SAMPLE_BYTES]).best()
        name = best.encoding if best is not None else None
    try:
        text = data.decode(name) if name else None
    except UnicodeDecodeError:
        text = None
    if text is None or name is None:
        start = _first_bad_byte(data)
        row = data.count(b"\n", 0, start) + 1
        raise InputError(
            "E118", {"file": file, "row": row}, file=file, row=row, bytes=_hex(data, start)
        )
    return text, name, (_guessed(name, text),)


def _guessed(name: str, text: str) -> LedgerEntry:
    sample = next((line for line in text.splitlines() if _NON_ASCII.search(line)), "")
    return LedgerEntry("warning", Sentence("W101", {"encoding": name, "sample": sample.strip()}))


def _is_damaged(data: bytes) -> bool:
    """Whether a text is Japanese in cp932 but for a few bytes."""
    text = data[:_SAMPLE_BYTES].decode("cp932", errors="replace")
    runs = "".join(_NON_ASCII.findall(text))
    rest = runs.replace("\ufffd", "")
    few = len(runs) - len(rest) <= _FEW_DAMAGED * len(runs)
    # other Japanese encodings are kana of half width to cp932
    full = len(_COMMON.findall(rest)) > len(_HALFWIDTH.findall(rest))
    return few and full and looks_japanese(rest)


def _is_western(data: bytes) -> bool:
    try:
        runs = _NON_ASCII.findall(data.decode("cp1252"))
    except UnicodeDecodeError:
        return False
    return all(len(run) <= 2 and _WESTERN.fullmatch(run) for run in runs)


def _first_bad_byte(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0
