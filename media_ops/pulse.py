"""Signs of life of a worker's process: that work goes on, and that a step may say nothing for longer than usual.

Whoever works calls `beat` for each packet, frame or block; where nobody listens that does nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

_EVERY = 0.2  # seconds
# The slowest disk that is counted on, for steps that cannot be followed: fsync, or what a muxer does at the end.
_BYTES_A_SECOND = 10e6

Tell = Callable[[int, float], None]


class _Pulse:
    def __init__(self) -> None:
        self.beats = 0
        self.due = 0.0
        self.tell: Tell | None = None
        self.turn = threading.RLock()
        self.allowed: list[float] = []

    def say(self) -> None:
        with self.turn:
            self.due = time.monotonic() + _EVERY
            if self.tell:
                self.tell(self.beats, max(self.allowed, default=0.0))


_pulse = _Pulse()


def listen(tell: Tell | None) -> None:
    """Have `tell` called, at most each 0.2 s, with the beats so far and the seconds that may pass without one."""
    _pulse.tell = tell


def beat() -> None:
    """Say that a piece of the work is done. Never to be called by what merely waits or tries again."""
    _pulse.beats += 1
    if _pulse.tell is not None and time.monotonic() >= _pulse.due:
        _pulse.say()


@contextlib.contextmanager
def quiet(seconds: float) -> Iterator[None]:
    """Announce a step that cannot be followed: it may take so many seconds more than others; its end is a beat."""
    if seconds <= 0 or _pulse.tell is None:
        yield
        beat()
        return
    with _pulse.turn:
        _pulse.allowed.append(seconds)
        _pulse.say()
    try:
        yield
    finally:
        with _pulse.turn:
            _pulse.allowed.remove(seconds)
            _pulse.beats += 1
            _pulse.say()


def seconds_for(size: int) -> float:
    """Give the seconds in which so many bytes are on any disk."""
    return size / _BYTES_A_SECOND
