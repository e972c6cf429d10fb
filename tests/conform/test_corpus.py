"""What `make conform` demands beside the kit's own verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conform.corpus import shortcomings


def row(outcome: str, reason: str | None = None, path: str = "a.mp4") -> dict[str, Any]:
    return {"path": path, "outcome": outcome, "reason": reason}


def entry(frames: str, kind: str = "real", path: str = "a.mp4") -> dict[str, str]:
    return {"path": path, "frames_decoded": frames, "class": kind}


@pytest.mark.parametrize(
    ("outcome", "reason", "frames", "words"),
    [
        ("sliced", None, "48", None),
        ("truncated", None, "4800", None),
        ("whole", "because (rule backward-times)", "47", None),
        ("whole", "because (rule backward-times)", "48", "only 0 of 1"),
        ("refused", "odd (rule odd-size)", "10", None),
        ("refused", "odd (rule invented)", "10", "refused by no rule"),
        ("refused", "odd", "10", "refused by no rule"),
        ("refused", "empty", "", None),
        ("skipped", "a still picture", "1", None),
        ("skipped", "a still picture", "2", "skipped, though it has 2 frames"),
        ("wrong", "lost", "10", "wrong: a.mp4: lost"),
    ],
)
def test_shortcomings(outcome: str, reason: str | None, frames: str, words: str | None) -> None:
    found = shortcomings([row(outcome, reason)], [entry(frames)])
    assert found == [] if words is None else words in found[0]


def test_every_file_must_have_been_tried() -> None:
    assert shortcomings([], [entry("10")]) == ["not tried: a.mp4"]


def test_nine_of_ten_are_enough() -> None:
    rows = [row("whole" if number == 0 else "sliced", "why", f"{number}.mp4") for number in range(10)]
    manifest = [entry("100", path=f"{number}.mp4") for number in range(10)]
    assert shortcomings(rows, manifest) == []
    rows[1] = row("whole", "why", "1.mp4")
    assert "only 8 of 10" in shortcomings(rows, manifest)[0]
