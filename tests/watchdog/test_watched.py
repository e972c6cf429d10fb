"""Time that nobody watched does not make anything old."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media_airflow.watchdog.watched import GAP, Watched

START = 1_000_000.0


def looks(*moments: float) -> Watched:
    watched = Watched.since(None, (), moments[0])
    for last, now in zip(moments, moments[1:], strict=False):
        watched = Watched.since(last, watched.gaps, now)
    return watched


def test_minutes_add_up() -> None:
    assert looks(START, START + 60, START + 120).age(START + 30) == 90


def test_at_the_first_look_nothing_is_old() -> None:
    assert looks(START).age(START - 86_400) == 0


def test_a_clock_that_jumps_ahead_or_a_night_off_adds_nothing() -> None:
    assert looks(START, START + 60, START + 86_400, START + 86_460).age(START + 30) == 90


def test_a_clock_that_is_set_back_makes_nothing_old() -> None:
    after = looks(START, START + 60, START - 86_400, START - 86_340)
    assert after.age(START + 30) == 0
    assert after.age(START - 86_400) == 60


@given(st.lists(st.floats(-100_000, 100_000), min_size=1, max_size=30), st.floats(0, 2e6))
def test_an_age_is_at_most_what_was_watched(steps: list[float], since: float) -> None:
    moments = [START]
    for step in steps:
        moments.append(max(1.0, moments[-1] + step))
    most = sum(
        later - earlier for earlier, later in zip(moments, moments[1:], strict=False) if 0 < later - earlier <= GAP
    )
    assert 0 <= looks(*moments).age(since) <= most + 1e-3


@given(st.lists(st.floats(1, 10_000), max_size=30), st.floats(0, 10_000))
def test_the_moment_of_an_age_has_that_age_or_lies_before_all_looks(steps: list[float], seconds: float) -> None:
    moments = [START]
    for step in steps:
        moments.append(moments[-1] + step)
    watched = looks(*moments)
    assert watched.age(watched.before(seconds)) <= seconds + 1e-3
    assert watched.before(seconds) == 0 or abs(watched.age(watched.before(seconds)) - seconds) < 1e-3
