"""Which segments are started a second time: decided over plain numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_airflow.watchdog.rules import Stragglers
from media_airflow.watchdog.stragglers import Pace, stragglers

RULE = Stragglers(slower=3, seconds=20, siblings=3, gain_seconds=20, most=2)


def going(index: int, done: int, seconds: float = 60, total: int | None = 6000) -> Pace:
    return Pace(index, done, total, seconds, running=True)


def finished(index: int, done: int = 6000, seconds: float = 60) -> Pace:
    return Pace(index, done, done, seconds, running=False)


USUAL = [finished(index) for index in range(1, 4)]


def test_a_segment_at_a_third_of_its_siblings_rate_is_hedged() -> None:
    assert stragglers([going(0, 1999), *USUAL], RULE, (), free=1) == [0]
    assert stragglers([going(0, 2100), *USUAL], RULE, (), free=1) == []


def test_one_that_has_not_begun_is_hedged_too() -> None:
    assert stragglers([going(0, 0, total=None), *USUAL], RULE, (), free=1) == [0]


@pytest.mark.parametrize(
    ("paces", "why"),
    [
        ([going(0, 100, seconds=19), *USUAL], "it has hardly begun"),
        ([going(0, 100), *USUAL[:2]], "there are too few siblings"),
        ([going(0, 100), *USUAL[:2], going(3, 1000, seconds=30)], "a sibling is not well under way"),
        ([going(0, 100), *USUAL[:2], going(3, 3000, seconds=5)], "a sibling has not run for long"),
        ([finished(0, seconds=6000), *USUAL], "it is finished"),
        ([going(0, 5990, seconds=600), *USUAL], "it is nearly done"),
        ([Pace(0, 40, 60, 30, running=True), *[finished(i, 60, 6) for i in (1, 2, 3)]], "there is little to gain"),
    ],
)
def test_no_other_is(paces: list[Pace], why: str) -> None:
    assert stragglers(paces, RULE, (), free=1) == [], why


def test_the_slowest_come_first_and_there_are_no_more_than_slots_or_the_rule_allow() -> None:
    paces = [going(5, 900), going(6, 300), going(7, 600), *[finished(index) for index in range(20, 30)]]
    assert stragglers(paces, RULE, (), free=9) == [6, 7]
    assert stragglers(paces, RULE, (), free=1) == [6]
    assert stragglers(paces, RULE, (), free=0) == []
    assert stragglers(paces, RULE, [6], free=9) == [7]
    assert stragglers(paces, RULE, [1, 2], free=9) == []
    assert stragglers(paces, RULE.model_copy(update={"enabled": False}), (), free=9) == []


@st.composite
def jobs(draw: st.DrawFn) -> list[Pace]:
    found = []
    for index in range(draw(st.integers(0, 12))):
        total = draw(st.none() | st.integers(1, 10_000))
        done = draw(st.integers(0, total or 10_000))
        found.append(Pace(index, done, total, draw(st.floats(0, 10_000)), running=draw(st.booleans())))
    return found


@given(jobs(), st.sets(st.integers(0, 11), max_size=4), st.integers(-1, 5))
def test_what_is_hedged_is_always_running_slow_new_and_within_bounds(
    paces: list[Pace], hedged: set[int], free: int
) -> None:
    chosen = stragglers(paces, RULE, hedged, free)
    assert len(set(chosen)) == len(chosen) <= max(0, min(free, RULE.most - len(hedged)))
    for pace in (paces[index] for index in chosen):
        others = [other.rate for other in paces if other.index != pace.index and other.done > 0 and other.seconds > 0]
        assert pace.running
        assert pace.index not in hedged
        assert pace.seconds >= RULE.seconds
        assert len(others) >= RULE.siblings
        assert pace.rate * RULE.slower <= max(others)
