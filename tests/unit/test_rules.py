"""The table of rules is what the code applies, and the page says the same."""

from __future__ import annotations

import re
from pathlib import Path

from media_ops.rules import _TABLE, RULES, page

REPOSITORY = Path(__file__).parents[2]


def test_the_page_is_made_from_the_table() -> None:
    assert (REPOSITORY / "docs" / "rules.md").read_text() == page(), "`make rules` writes it anew"


def test_each_rule_stands_there_once_and_is_applied() -> None:
    assert len(RULES) == len(_TABLE)
    sources = [path for path in (REPOSITORY / "media_ops").rglob("*.py") if path.name != "rules.py"]
    code = "\n".join(path.read_text() for path in sources)
    assert {name for name in RULES if f'"{name}"' not in code} == set()
    assert set(re.findall(r'\brule="([\w-]+)"', code)) <= RULES.keys()
