"""The README shows what is there."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()


def test_the_algorithm_shown_is_the_one_that_the_guide_builds_and_its_test_runs() -> None:
    guide = (REPOSITORY / "docs" / "write-an-algorithm.md").read_text()
    shown, built = (re.search(r"```python\n(.*?)```", text, re.DOTALL) for text in (README, guide))
    assert shown is not None
    assert built is not None
    assert shown[1] == built[1]


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (REPOSITORY / target).exists(), target


def test_every_target_named_exists() -> None:
    rules = (REPOSITORY / "Makefile").read_text()
    for target in set(re.findall(r"^make (\w+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", rules, re.MULTILINE), target
