"""What the bars count."""

from __future__ import annotations

import pytest

from media_ops.cli.bars import Bars
from media_ops.crew import Event


def test_only_processing_counts_as_work_on_the_segments() -> None:
    bars = Bars()
    for order in range(2):
        bars.show(Event("process", "planned", order, total=50, message="0-2"))
    bars.show(Event("analyse", "started", 0))
    assert shown(bars) == {"all segments": (0, 100), "analyse 0": (0, None)}
    bars.show(Event("analyse", "progress", 0, done=30, total=50))
    assert shown(bars) == {"all segments": (0, 100), "analyse 0": (30, 50)}
    bars.show(Event("analyse", "finished", 0))
    assert shown(bars) == {"all segments": (0, 100)}
    bars.show(Event("process", "started", 0))
    bars.show(Event("process", "progress", 0, done=20, total=50))
    assert shown(bars) == {"all segments": (20, 100), "segment 0  0-2": (20, 50)}
    bars.show(Event("process", "finished", 0))
    assert shown(bars) == {"all segments": (50, 100)}


def test_a_look_at_the_whole_film_is_no_segment() -> None:
    bars = Bars()
    bars.show(Event("process", "planned", 0, total=50, message="0-2"))
    bars.show(Event("analyse", "started", None))
    bars.show(Event("conclude", "started", None))
    assert list(shown(bars)) == ["all segments", "analyse", "conclude"]


def test_segments_at_work_together_are_added_up() -> None:
    bars = Bars()
    for order, total in ((0, 50), (1, 30)):
        bars.show(Event("process", "planned", order, total=total, message=f"part {order}"))
        bars.show(Event("process", "started", order))
    assert shown(bars) == {"all segments": (0, 80), "segment 0  part 0": (0, 50), "segment 1  part 1": (0, 30)}
    bars.show(Event("process", "progress", 0, done=20, total=50))
    bars.show(Event("process", "progress", 1, done=5, total=30))
    assert shown(bars)["all segments"] == (25, 80)
    bars.show(Event("process", "finished", 0))
    assert shown(bars)["all segments"] == (55, 80)


def test_what_failed_is_not_counted_as_done() -> None:
    bars = Bars()
    bars.show(Event("process", "planned", 0, total=50, message="0-2"))
    bars.show(Event("process", "started", 0))
    bars.show(Event("process", "progress", 0, done=20, total=50))
    bars.show(Event("process", "failed", 0, message="broken"))
    assert shown(bars) == {"all segments": (20, 50)}


def test_another_try_begins_anew_and_says_why_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    bars = Bars()
    bars.show(Event("process", "planned", 0, total=50, message="0-2"))
    bars.show(Event("process", "started", 0))
    bars.show(Event("process", "progress", 0, done=20, total=50))
    bars.show(Event("process", "retried", 0, message="[/films] is busy"))  # which rich would read as an end tag
    assert shown(bars)["segment 0  0-2"] == (0, 50)
    assert "trying again: [/films] is busy" in capsys.readouterr().err


def shown(bars: Bars) -> dict[str, tuple[float, float | None]]:
    return {task.description: (task.completed, task.total) for task in bars._progress.tasks}
