"""What joints show beside a whole-file run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from media_airflow.bench.seams import Seam, seams
from media_ops.model import JobOptions

EVEN = dict.fromkeys(range(-12, 12), 40.0)


@pytest.mark.parametrize(
    ("cut", "whole", "excess"),
    [
        ({}, {}, 0),
        ({-1: 37.0}, {}, 3),
        ({2: 37.0}, {}, 3),
        ({-1: 37.0}, {-1: 37.5}, 0.5),
        ({-1: 37.0}, {-2: 36.0}, -1),
        ({-4: 30.0, 5: 30.0}, {}, 0),
        ({-1: 39.0}, {-1: 45.0, -2: 45.0, -3: 45.0, 0: 45.0, 1: 45.0, 2: 45.0}, 1),
    ],
)
def test_the_worst_frame_of_one_run_is_set_against_the_worst_of_the_other(
    cut: dict[int, float], whole: dict[int, float], excess: float
) -> None:
    assert Seam(100, EVEN | cut, EVEN | whole, None).excess == pytest.approx(excess)


def test_joints_of_a_real_job_are_measured(clip: Callable[[str], Path], tmp_path: Path) -> None:
    (found,) = seams(clip("plain.mp4"), "transcode_h264", {"preset": "veryfast"}, JobOptions(segments=2), tmp_path)
    assert found.rank == 100
    assert sorted(found.cut) == sorted(found.whole) == [*range(-12, 12)]
    assert all(25 < value < 60 for value in (*found.cut.values(), *found.whole.values()))
    assert found.cut != found.whole
    assert found.scored is not None
