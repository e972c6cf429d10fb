"""A film's bits are shared so that it looks equally good everywhere and has its rate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ops.rate.share import Measured, share

AMOUNT = st.floats(100, 1e8)
SEGMENTS = st.lists(st.builds(Measured, st.floats(0.1, 1000), AMOUNT, AMOUNT, st.floats(0, 1e5)), min_size=1)


@given(SEGMENTS, st.floats(1e3, 1e8))
def test_the_whole_film_has_the_rate(segments: list[Measured], rate: float) -> None:
    rates, _ = share(segments, rate)
    spent = sum(own * segment.seconds for own, segment in zip(rates, segments, strict=True))
    assert spent == pytest.approx(rate * sum(segment.seconds for segment in segments), rel=1e-6)
    assert min(rates) > 0


def test_texture_alone_is_shared_in_proportion() -> None:
    segments = [Measured(10, 4e6, 0, 0), Measured(5, 1e6, 0, 0), Measured(20, 1e6, 0, 0)]
    rates, coarser = share(segments, 100_000)
    total = sum(one.seconds for one in segments)
    assert rates == pytest.approx([100_000 * one.texture / 6e6 * total / one.seconds for one in segments])
    assert coarser > 0


def test_a_segment_of_motion_keeps_more_of_its_bits_than_one_of_texture() -> None:
    segments = [Measured(10, 1e6, 0, 0), Measured(10, 0, 1e6, 0)]
    rates, coarser = share(segments, 50_000)
    assert rates[1] > 1.5 * rates[0]
    assert coarser > 6
    finer, _ = share(segments, 200_000)
    assert finer[0] > 1.5 * finer[1]


def test_a_rate_that_is_the_measured_one_changes_nothing() -> None:
    segments = [Measured(10, 1e6, 2e5, 1e4), Measured(4, 3e6, 1e5, 2e4)]
    rates, coarser = share(segments, sum(one.bits(0) for one in segments) / 14)
    assert coarser == pytest.approx(0, abs=1e-4)
    assert rates == pytest.approx([one.bits(0) / one.seconds for one in segments], rel=1e-4)


def test_six_steps_coarser_halve_the_bits_of_texture_and_a_bit_more() -> None:
    assert Measured(1, 1000, 0, 0).bits(6) == pytest.approx(1000 / 2**1.1)
    assert Measured(1, 0, 1000, 0).bits(6) == pytest.approx(1000 / 2**0.5)
    assert Measured(1, 0, 0, 1000).bits(6) == 1000


@given(SEGMENTS, st.floats(1e3, 1e8), st.floats(1, 3))
def test_no_segment_gets_more_than_a_buffer_is_filled_with(
    segments: list[Measured], rate: float, above: float
) -> None:
    rates, _ = share(segments, rate, above * rate)
    assert max(rates) <= 1.000001 * above * rate
    spent = sum(own * segment.seconds for own, segment in zip(rates, segments, strict=True))
    assert spent == pytest.approx(rate * sum(segment.seconds for segment in segments), rel=1e-6)


def test_what_one_may_not_have_the_others_get() -> None:
    segments = [Measured(10, 9e6, 0, 0), Measured(10, 2e6, 0, 0), Measured(10, 1e6, 0, 0)]
    assert share(segments, 100_000, 150_000)[0] == pytest.approx([150_000, 100_000, 50_000])
