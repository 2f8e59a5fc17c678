"""docs/messages.md says what the program says."""

from pathlib import Path

from ntkreg.messages import catalogue
from ntkreg.messages.__main__ import page

PAGE = Path(__file__).parents[1] / "docs" / "messages.md"


def test_the_page_of_messages_is_the_catalogue():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make messages"


def test_every_message_stands_on_it_once_in_both_languages():
    lines = [line for line in page().splitlines() if line.startswith("| ") and line[2] in "EWRIV"]
    assert sorted(line[2:6] for line in lines) == sorted(catalogue())
    assert all(line.count(" | ") == 2 for line in lines)
