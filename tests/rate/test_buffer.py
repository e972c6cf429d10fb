"""A decoder's buffer, against one that is counted by hand and one that is counted in another way."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ops.rate.buffer import Buffer, simulate

SECOND = Fraction(1)


def test_pictures_are_taken_out_and_the_buffer_fills_again() -> None:
    found = simulate(Buffer(rate=800, size=1000), [50, 50, 25], [0, 1, 2], SECOND, fill=0.9)
    # 900 - 400 = 500; + 800 = 1000 (full) - 400 = 600; + 800 = 1000 - 200
    assert found.before == pytest.approx([0.9, 1.0, 1.0])
    assert found.underflows == []
    assert found.lowest == pytest.approx(0.5)


def test_a_picture_that_is_not_there_in_time_is_an_underflow() -> None:
    found = simulate(Buffer(rate=80, size=1000), [100, 20, 5], [0, 1, 2], SECOND, fill=0.9)
    # 900 - 800 = 100; + 80 = 180 - 160 = 20; + 80 = 100 - 40 = 60
    assert found.underflows == []
    found = simulate(Buffer(rate=80, size=1000), [100, 25, 5], [0, 1, 2], SECOND, fill=0.9)
    # 180 - 200 < 0, from empty on: 80 - 40
    assert found.underflows == [1]
    assert found.lowest == pytest.approx(-0.02)
    assert found.before[2] == pytest.approx(0.08)


def test_a_buffer_that_is_taken_out_in_full_is_no_underflow() -> None:
    assert simulate(Buffer(1000, 1000), [125], [0], SECOND, fill=1).underflows == []
    assert simulate(Buffer(1000, 1000), [126], [0], SECOND, fill=1).underflows == [0]


@given(
    st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 50)), min_size=1, max_size=60),
    st.integers(1000, 100_000),
    st.integers(1000, 100_000),
)
def test_it_agrees_with_exact_fractions(pictures: list[tuple[int, int]], rate: int, size: int) -> None:
    times, sizes, clock = [], [], 0
    for bytes_, gap in pictures:
        times.append(clock)
        sizes.append(bytes_)
        clock += gap
    found = simulate(Buffer(rate, size), sizes, times, Fraction(1, 25), fill=0.5)
    level, under = Fraction(size, 2), []
    for number, bytes_ in enumerate(sizes):
        if number:
            level = min(Fraction(size), level + Fraction(rate * (times[number] - times[number - 1]), 25))
        if 8 * bytes_ - level > Fraction(1, 1000):
            under.append(number)
        level = max(Fraction(0), level - 8 * bytes_)
    # Within a thousandth of a bit, floats may say either.
    assert set(under) <= set(found.underflows)
    assert len(found.underflows) - len(under) <= sum(8 * one % size == 0 for one in sizes) + len(sizes) // 10
