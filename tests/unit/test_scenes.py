"""Where scenes begin, told by sizes of packets, and what a cut before each frame costs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from media_ops.planning.prices import prices
from media_ops.planning.scenes import news

Int = NDArray[np.int64]


def film(frames: int, *keys: int, large: tuple[int, ...] = (), key: int = 40_000) -> tuple[Int, Int, Int]:
    """Sizes, places and key frames of a film whose other frames have 1000 to 5000 bytes."""
    sizes = np.asarray([1000 + 4000 * (rank % 4 == 0) + rank % 7 for rank in range(frames)], np.int64)
    sizes[list(keys)] = key
    sizes[list(large)] = 30_000
    return sizes, np.arange(frames, dtype=np.int64), np.asarray(keys, np.int64)


def begun(found: Int) -> list[int]:
    return [int(rank) for rank in np.flatnonzero(found)]


def test_a_key_frame_that_was_not_due_begins_a_scene() -> None:
    assert begun(news(*film(1000, 0, 250, 333, 583, 833))) == [0, 333]


def test_key_frames_at_their_longest_distance_say_nothing() -> None:
    assert begun(news(*film(1000, *range(0, 1000, 50)))) == [0]


def test_key_frames_in_step_with_a_clock_say_nothing() -> None:
    # A packager wants one every 50 frames, whatever the encoder has put between them.
    assert begun(news(*film(600, 0, 50, 73, 100, 150, 200, 231, 250, 300))) == [0, 73, 231]


def test_a_second_distance_that_comes_often_is_a_setting_too() -> None:
    keys = np.cumsum([0, *[15, 15, 17, 12] * 6])
    assert begun(news(*film(400, *keys.tolist()))) == [0]


def test_a_single_key_frame_says_nothing() -> None:
    assert begun(news(*film(300, 0))) == [0]


def test_a_frame_as_large_as_a_key_frame_begins_a_scene() -> None:
    assert begun(news(*film(400, 0, 100, 200, 300, large=(130,)))) == [0, 130]


def test_where_frames_are_reordered_the_scene_begins_before_the_large_one() -> None:
    sizes, order, entries = film(400, 0, 100, 200, 300, large=(130,))
    # Frames 127 to 129 are predicted from 130, too, which is decoded before them.
    order[127:131] = [128, 129, 130, 127]
    found = news(sizes, order, entries)
    assert begun(found) == [0, 127, 128, 129, 130]
    assert max(found[127:131]) < 300


@pytest.mark.parametrize(
    "other",
    [
        film(400, 0, 100, 200, 300, large=(110, 130, 150, 170, 190)),
        film(400, 0, 100, 200, 300, large=(130,), key=100_000),
        film(400, *range(400)),
    ],
    ids=["one every 20 frames", "far smaller than key frames", "key frames only"],
)
def test_other_large_frames_say_nothing(other: tuple[Int, Int, Int]) -> None:
    assert begun(news(*other)) == [0]


def test_among_key_frames_only_the_size_jumps_where_a_scene_begins() -> None:
    sizes = np.asarray([40_000 + 500 * (rank * 7 % 5) for rank in range(200)], np.int64)
    sizes[120:] *= 2
    assert begun(news(sizes, np.arange(200), np.arange(200))) == [0, 120]


def test_a_scene_is_cheaper_than_any_other_key_frame_and_that_than_the_frames_behind_it() -> None:
    sizes, order, entries = film(1000, 0, 250, 333, 583, 833)
    price = prices(sizes, order, entries, 0)
    assert price[333] == 0
    assert price[250] == price[583] > 0
    assert all(price[rank] < price[rank + 1] for rank in (250, 251, 400, 900))


def test_with_warm_up_the_frame_so_far_behind_an_entry_costs_least_decoding() -> None:
    sizes, order, entries = film(1000, 0, 250, 500, 750)
    price = prices(sizes, order, entries, 8)
    assert int(price[400:700].argmin()) + 400 == 508
    assert price[507] > price[508] + 20_000_000
