"""Write the page of all messages: ``python -m ntkreg.messages > docs/messages.md``."""

from __future__ import annotations

import re
import sys

from ntkreg.messages import catalogue

_KINDS = (
    ("E", "エラー / Errors", "Nothing is written; exit code 2 (input) or 3 (access)."),
    ("W", "警告 / Warnings", "The run goes on; something is doubtful."),
    ("R", "修復 / Repairs", "The run goes on; something was changed."),
    ("I", "情報 / Information", "Plain information, labels and help texts."),
    ("V", "判定 / Verdicts", "What a study concludes."),
)


def page() -> str:
    """Return all messages as one Markdown page, by kind and code, in both languages."""
    lines = [
        "# メッセージ一覧 / Messages",
        "",
        "Written from the catalogue by `make messages`; do not edit by hand.",
        "Words in braces are filled in. The second sentence, in italics, says what can be done.",
    ]
    for letter, title, meaning in _KINDS:
        lines += ["", f"## {title}", "", meaning, "", "| | 日本語 | English |", "|---|---|---|"]
        for code, entry in sorted(catalogue().items()):
            if code.startswith(letter):
                texts = [_cell(entry[lang], entry.get(f"{lang}_hint", "")) for lang in ("ja", "en")]
                lines.append(f"| {code} | {texts[0]} | {texts[1]} |")
    return "\n".join(lines) + "\n"


def _cell(text: str, hint: str) -> str:
    """Return a sentence and its hint as one cell of a table; braces without number formats."""
    parts = [re.sub(r"\{(\w+)[^}]*\}", r"{\1}", part.strip()) for part in (text, hint)]
    safe = [re.sub(r"([|*_<>`\[\]])", r"\\\1", part).replace("\n", " ") for part in parts]
    return f"{safe[0]} *{safe[1]}*" if safe[1] else safe[0]


if __name__ == "__main__":
    # a console in cp932 has no ✓ and no —, the page has
    sys.stdout.buffer.write(page().encode("utf-8"))
