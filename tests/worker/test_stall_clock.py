"""What counts as progress, and what a watcher that was away itself makes of it."""

from __future__ import annotations

import pytest

from media_ops.worker.stall import StallClock

MIB = 2**20


class Watched:
    """A clock that is looked at each second, of a child that may take 10 s, and 30 s to begin."""

    def __init__(self, readable: int = 0) -> None:
        self.clock = StallClock(10, 30, readable, interval=1)
        self.now = 1000.0
        self.clock.tick(self.now)

    def ends_after(self, most: int = 1000, *, stopped: bool = False) -> int | None:
        """Look so often; give the number of the look at which the time was over."""
        for look in range(1, most + 1):
            self.now += 1
            if self.clock.tick(self.now, stopped=stopped):
                return look
        return None


def test_time_begins_anew_with_each_progress() -> None:
    watched = Watched()
    for done in range(1, 50):
        watched.clock.more(frames=done)
        assert watched.ends_after(9) is None
    assert watched.ends_after() == 2


@pytest.mark.parametrize("kind", ["frames", "beats"])
def test_the_same_number_again_is_no_progress_and_neither_is_a_smaller_one(kind: str) -> None:
    watched = Watched()
    watched.clock.more(**{kind: 7})
    for number in (7, 6, 7, 7, 1, 7):
        watched.clock.more(**{kind: number})
        assert watched.ends_after(1) is None
    assert watched.ends_after() == 5


def test_the_first_progress_may_take_longer() -> None:
    assert Watched().ends_after() == 31


def test_an_announced_silence_is_allowed_once_and_is_no_progress_itself() -> None:
    watched = Watched()
    watched.clock.more(beats=1)
    assert watched.ends_after(8) is None
    watched.clock.quiet(20)
    assert watched.ends_after(8) is None
    watched.clock.quiet(20)
    assert watched.ends_after() == 15  # 31 in all
    watched = Watched()
    watched.clock.more(beats=1)
    watched.clock.quiet(20)
    watched.clock.more(beats=2)
    watched.clock.quiet(0)
    assert watched.ends_after() == 11


def test_who_is_stopped_does_not_work_on_what_was_announced() -> None:
    watched = Watched()
    watched.clock.more(beats=1)
    watched.clock.quiet(1000)
    assert watched.ends_after(stopped=True) == 11


def test_a_watcher_that_was_away_ends_nobody() -> None:
    watched = Watched()
    watched.clock.more(beats=1)
    watched.now += 3600
    assert watched.ends_after(5) is None
    assert watched.ends_after() == 5  # of the hour two looks' worth counts


def test_reading_on_is_progress_and_reading_round_and_round_is_not() -> None:
    watched = Watched(readable=100 * MIB)
    watched.clock.more(beats=1)
    looks = 0
    while looks < 1000:
        watched.clock.read(20 * MIB * (looks // 5))
        if watched.ends_after(1):
            break
        looks += 1
    assert 30 <= looks <= 40  # five times 20 MiB, each within 5 s, and then 10 s


def test_a_trickle_is_no_progress() -> None:
    watched = Watched(readable=100 * MIB)
    watched.clock.more(beats=1)
    for second in range(10):
        watched.clock.read(second * MIB)
        assert watched.ends_after(1) is None
    assert watched.ends_after() == 1


@pytest.mark.parametrize(
    ("ran", "waited", "granted"),
    [(0.0, 0.0, False), (5.0, 0.0, False), (1.0, 4.0, False), (0.1, 4.9, True), (0.1, 1.0, False)],
)
def test_time_is_granted_to_whom_the_processor_is_not(ran: float, waited: float, granted: bool) -> None:
    """Who sleeps, computes, or gets a fifth of a processor is late; who waits in vain is not."""
    watched = Watched()
    watched.clock.more(beats=1)
    assert watched.ends_after(6) is None
    assert watched.clock.is_half_over
    assert not watched.clock.grant(50, 70)
    assert watched.ends_after() == 5
    assert watched.clock.grant(50 + ran, 70 + waited) == granted
    assert watched.ends_after() == (5 if granted else 1)


def test_it_is_not_granted_for_ever() -> None:
    watched = Watched()
    watched.clock.more(beats=1)
    looks, waited = 0, 0.0
    while (last := watched.ends_after()) and looks < 1000:
        looks += last
        waited += last
        if not watched.clock.grant(0, waited) and watched.clock.has_baseline and looks > 11:
            break
    assert 100 <= looks <= 130
