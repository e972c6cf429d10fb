"""What a segment reads and processes beside its own frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ops.need import Need
from media_ops.planning.bounds import gop_bounds
from media_ops.planning.reach import Reach, reach

EDGES = [0, 30, 60, 100]
GOPS = [0, 12, 30, 48, 60, 90]


@pytest.mark.parametrize(
    ("need", "order", "expected"),
    [
        (Need(), 1, Reach(30, 60)),
        (Need(before=2, after=3), 1, Reach(28, 63)),
        (Need(before=2, after=3), 0, Reach(0, 33)),
        (Need(before=2, after=3), 2, Reach(58, 100)),
        (Need(before=1, warm_up=8), 1, Reach(21, 60, remove_frames=(8, 0))),
        (Need(warm_up=40), 1, Reach(0, 60, remove_frames=(30, 0))),
        (Need(run_out=5, after=1), 1, Reach(30, 66, remove_frames=(0, 5))),
        (Need(run_out=5), 2, Reach(60, 100)),
        (Need(crossfade=6), 0, Reach(0, 36, fade_out=6)),
        (Need(crossfade=6), 1, Reach(30, 66, fade_in=6, fade_out=6)),
        (Need(crossfade=6), 2, Reach(60, 100, fade_in=6)),
        (Need(crossfade=60), 1, Reach(30, 99, fade_in=29, fade_out=39)),
        (Need(length=(8, 1)), 0, Reach(0, 33, remove_frames=(0, 3))),
        (Need(length=(8, 1)), 1, Reach(27, 60, remove_frames=(3, 0))),
        (Need(gops=(0, 0)), 1, Reach(30, 60)),
        (Need(gops=(1, 1)), 1, Reach(12, 90, remove_frames=(18, 30), remove_gop=(1, 1))),
        (Need(gops=(2, 0), warm_up=25), 1, Reach(0, 60, remove_frames=(30, 0), remove_gop=(2, 0))),
        (Need(gops=(0, 0), warm_up=1), 1, Reach(12, 60, remove_frames=(18, 0), remove_gop=(1, 0))),
    ],
)
def test_reach(need: Need, order: int, expected: Reach) -> None:
    assert reach(EDGES, order, need, GOPS) == expected


def test_a_film_too_short_for_the_wanted_length_repeats_its_last_picture() -> None:
    assert reach([0, 6], 0, Need(length=(8, 1)), []) == Reach(0, 6, repeat=3)


@given(st.data())
def test_every_need_is_met(data: st.DataObject) -> None:
    inner = sorted(data.draw(st.sets(st.integers(1, 199), max_size=6)))
    edges = [0, *inner, 200]
    order = data.draw(st.integers(0, len(edges) - 2))
    small = st.integers(0, 20)
    every = data.draw(st.integers(1, 9))
    need = Need(
        before=data.draw(small),
        after=data.draw(small),
        warm_up=data.draw(small),
        run_out=data.draw(small),
        crossfade=data.draw(small),
        length=(every, data.draw(st.integers(0, every - 1))),
    )
    found = reach(edges, order, need, [])
    start, end = edges[order], edges[order + 1]
    low, high = start - found.remove_frames[0], end + found.fade_out + found.remove_frames[1]
    assert low == 0 or start - low >= need.warm_up
    assert high == 200 or high - end - found.fade_out >= need.run_out
    assert (found.first, found.last) == (max(0, low - need.before), min(200, high + need.after))
    assert need.length is not None
    assert (high - low + found.repeat) % every == need.length[1]
    assert found.repeat == 0 or (low, high) == (0, 200)
    if order + 2 < len(edges):
        assert found.fade_out == reach(edges, order + 1, need, []).fade_in


@given(st.data())
def test_gop_bounds_are_beginnings_of_gops(data: st.DataObject) -> None:
    gops = sorted(data.draw(st.sets(st.integers(0, 499), max_size=40)))
    segments = data.draw(st.integers(1, 60))
    edges = gop_bounds(500, segments, gops)
    inner = [rank for rank in gops if rank > 0]
    assert len(edges) - 1 == min(segments, len(inner) + 1)
    assert (edges[0], edges[-1]) == (0, 500)
    assert set(edges[1:-1]) <= set(inner)
    assert all(a < b for a, b in zip(edges, edges[1:], strict=False))


def test_gop_bounds_are_near_an_even_split() -> None:
    assert gop_bounds(100, 2, [0, 5, 45, 90]) == [0, 45, 100]
