"""Words that stand in a cell instead of a value (compared narrow and in lower case)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from ntkreg.io.cells.spellings import guarded

_SIGNS = str.maketrans(
    {"−": "-", "‐": "-", "–": "-", "﹣": "-", "’": "'", "\u00a0": " ", "\u202f": " "}
)


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# a run of them stands for a value that a device could not show
_RUNS = range(2, 16)
MISSING_MARKS = frozenset("-" * n for n in _RUNS) | words(
    """
    na n/a n.a. nan null none nil - -- --- ― ‐ – — ー *** ** * ? ?? . .. … #n/a #na
    missing blank n.m. notmeasured 未 欠 空欄 空白 未計測 未検査 未検 未入力
    計測不可 計測不能 計測なし
    欠測 欠損 欠損値 欠測値 なし 無し 未測定 測定不可 測定不能 測定なし 未実施 不明
    データなし 該当なし
    bad error err err. エラー 測定エラー 測定ミス 中止 休止 停止
    """
)
# in a column of words these are as likely a level ("additive: なし") as a mark
AMBIGUOUS_MARKS = words(
    """
    なし 無し 不明 未 欠 未検査 未検 未実施 missing blank Blank bad Bad BAD error Error ERROR エラー
    測定エラー 中止 休止 停止 Na
    """
)
EXCEL_ERRORS = words(
    """
    #div/0! #value! #ref! #name? #num! #null! #spill! #calc! #field! #blocked! #getting_data
    """
)
CENSORED_WORDS = frozenset("+" * n for n in _RUNS[1:]) | words(
    """
    nd n.d. n.d over under burnout llll hhhh ol o.l. <lod <loq lod loq overflow underflow
    検出限界以下 検出下限以下 検出限界未満 検出下限未満 定量下限未満 定量下限以下
    +over -over +ol -ol o/l overrange outofrange underrange burn-out bout b.out +burnout -burnout
    bdl n/d (nd) <dl tr trace 痕跡 オーバー オーバーレンジ レンジオーバー
    検出せず 検出されず 定量限界未満 定量限界以下
    不検出 測定範囲外 範囲外 測定限界以下
    """
)


def narrow(text: str) -> str:
    """Return a text in half-width characters, its signs and blanks in one spelling."""
    return (
        unicodedata.normalize("NFKC", guarded(text.strip()).translate(_SIGNS))
        .translate(_SIGNS)
        .strip()
    )


@dataclass(frozen=True)
class Marks:
    """What the user says about the marks in one column.

    Parameters
    ----------
    keep, missing : frozenset of str
        Words that are values although they look like marks, and further marks for missing cells;
        narrow and in lower case.
    numbers : frozenset of float
        Numbers that stand for missing cells.
    at_limit : bool, default=False
        Whether a censored value such as ``<0.01`` is read as its limit instead of as missing.
    """

    keep: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    numbers: frozenset[float] = frozenset()
    at_limit: bool = False


USUAL = Marks()


@dataclass(frozen=True)
class Marked:
    """A cell of which the user says that it stands for a missing one, and what it shows."""

    text: str

    def __str__(self) -> str:
        return self.text
