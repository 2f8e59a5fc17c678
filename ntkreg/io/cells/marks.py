"""Words that stand in a cell instead of a value (compared narrow and in lower case)."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


MISSING_MARKS = words(
    """
    na n/a n.a. nan null none nil - -- --- ― ‐ – — ー *** ** * ? ?? . .. … #n/a #na
    欠測 欠損 欠損値 欠測値 なし 無し 未測定 測定不可 測定不能 測定なし 未実施 不明
    データなし 該当なし
    """
)
# in a column of words these are as likely a level ("additive: なし") as a mark
AMBIGUOUS_MARKS = frozenset({"なし", "無し", "不明"})
EXCEL_ERRORS = words(
    """
    #div/0! #value! #ref! #name? #num! #null! #spill! #calc! #field! #blocked! #getting_data
    """
)
CENSORED_WORDS = words(
    """
    nd n.d. n.d over under burnout llll hhhh ol o.l. <lod <loq lod loq overflow underflow
    検出限界以下 検出下限以下 検出限界未満 検出下限未満 定量下限未満 定量下限以下
    不検出 測定範囲外 範囲外 測定限界以下
    """
)
