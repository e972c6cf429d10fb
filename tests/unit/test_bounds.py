"""Boundaries of segments: no frame left out, no sliver, and never dearer than an even split."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media_ops.planning.bounds import bounds, cost, even_split, lengths

Int = NDArray[np.int64]


@st.composite
def films(draw: st.DrawFn) -> tuple[int, int, Int]:
    """Frames, segments, and prices of which a few are low."""
    frames = draw(st.integers(1, 3000))
    segments = draw(st.integers(1, min(frames, 200)))
    prices = np.full(frames, draw(st.integers(0, 50_000_000)), np.int64)
    for rank in draw(st.lists(st.integers(0, frames - 1), max_size=60)):
        prices[rank] = draw(st.integers(0, 50_000_000))
    return frames, segments, prices


@settings(deadline=None)
@given(films())
def test_the_film_is_covered_by_exactly_so_many_segments(film: tuple[int, int, Int]) -> None:
    frames, segments, prices = film
    edges = bounds(frames, segments, prices)
    assert len(edges) == segments + 1
    assert (edges[0], edges[-1]) == (0, frames)
    assert all(type(edge) is int for edge in edges)


@settings(deadline=None)
@given(films())
def test_no_segment_is_a_sliver_or_much_too_long(film: tuple[int, int, Int]) -> None:
    frames, segments, prices = film
    least, most = lengths(frames, segments)
    found = [b - a for a, b in pairwise(bounds(frames, segments, prices))]
    assert least >= 1
    assert least >= frames // segments // 2
    assert least >= min(24, frames // segments)
    assert most <= 1.5 * (frames / segments + 1)
    assert min(found) >= least
    assert max(found) <= most


@settings(deadline=None)
@given(films())
def test_never_dearer_than_the_even_split(film: tuple[int, int, Int]) -> None:
    frames, segments, prices = film
    assert cost(bounds(frames, segments, prices), prices) <= cost(even_split(frames, segments), prices)


@settings(deadline=None)
@given(films())
def test_the_same_film_is_always_cut_at_the_same_places(film: tuple[int, int, Int]) -> None:
    frames, segments, prices = film
    assert bounds(frames, segments, prices) == bounds(frames, segments, prices.copy())


@settings(deadline=None)
@given(st.data())
def test_nothing_cheaper_is_left_where_every_choice_can_be_tried(data: st.DataObject) -> None:
    frames = data.draw(st.integers(48, 60))
    prices = np.asarray(data.draw(st.lists(st.integers(0, 20_000_000), min_size=frames, max_size=frames)), np.int64)
    (least, most) = lengths(frames, 2)
    tried = [[0, rank, frames] for rank in range(least, frames - least + 1) if frames - rank <= most >= rank]
    assert cost(bounds(frames, 2, prices), prices) == min(cost(edges, prices) for edges in tried)


def cheap(frames: int, *ranks: int) -> Int:
    prices = np.full(frames, 7_000_000, np.int64)
    prices[list(ranks)] = 0
    return prices


def test_the_cheap_place_near_the_even_split_is_taken() -> None:
    assert bounds(1000, 2, cheap(1000, 430, 900)) == [0, 430, 1000]


def test_what_is_far_from_the_even_split_is_not() -> None:
    assert bounds(1000, 2, cheap(1000, 100)) == [0, 500, 1000]


def test_two_cheap_places_that_would_leave_a_sliver_are_not_both_taken() -> None:
    prices = 10 * cheap(1200, 590, 610)
    edges = bounds(1200, 3, prices)
    assert len({590, 610} & set(edges)) == 1
    assert min(b - a for a, b in pairwise(edges)) >= 200


def test_equal_prices_give_the_even_split() -> None:
    assert bounds(1001, 7, np.zeros(1001, np.int64)) == even_split(1001, 7)


@pytest.mark.parametrize("segments", [0, 11])
def test_more_segments_than_frames_are_refused(segments: int) -> None:
    with pytest.raises(ValueError, match=f"10 frames cannot be cut into {segments} segments"):
        bounds(10, segments, np.zeros(10, np.int64))
