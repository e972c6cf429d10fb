"""What the bars count."""

from __future__ import annotations

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


def shown(bars: Bars) -> dict[str, tuple[float, float | None]]:
    return {task.description: (task.completed, task.total) for task in bars._progress.tasks}
