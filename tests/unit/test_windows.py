from __future__ import annotations

import pytest

from media_ops.planning.windows import merged, windows


@pytest.mark.parametrize(
    ("frames", "joints", "entries", "wanted"),
    [
        (1, [], [0], [(0, 1)]),
        (30, [], [0], [(0, 12), (15, 30)]),
        (1500, [], [0, 250, 500, 750, 1000], [(0, 12), (750, 762), (1488, 1500)]),
        (1500, [], [0, 375, 800], [(0, 12), (375, 387), (1488, 1500)]),
        (1500, [], [0, 374, 800], [(0, 12), (750, 762), (1488, 1500)]),
        (1500, [], [0], [(0, 12), (750, 762), (1488, 1500)]),
        (1500, [500, 1495], [0, 740], [(0, 12), (488, 512), (740, 752), (1483, 1500)]),
        (40, [20], [0, 20], [(0, 40)]),
    ],
)
def test_joints_start_middle_and_end(
    frames: int, joints: list[int], entries: list[int], wanted: list[tuple[int, int]]
) -> None:
    found = windows(frames, joints, entries)
    assert [(part.start, part.stop) for part in found] == wanted


def test_ranges_outside_the_film_are_cut_off() -> None:
    assert merged([range(-5, 3), range(90, 200), range(300, 400), range(2, 2)], 100) == [range(0, 3), range(90, 100)]
