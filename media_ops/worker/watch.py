"""A thread that watches a child: that it gets on, and keeps to its memory and its number of processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from media_ops.errors import LimitExceeded, MediaError, MemoryExceeded, Stalled
from media_ops.worker.group import Group, Sample
from media_ops.worker.stall import StallClock

_EVERY = 0.5  # seconds between two looks; a look takes 0.04 ms
_REFRESHED = 10  # looks between two at who belongs to the group
# ffprobe and the guard are two; an algorithm may have pools of its own.
_MOST_PROCESSES = 128


@dataclass(frozen=True)
class Bounds:
    """Seconds without progress, and before the first; bytes in memory; bytes of the inputs that are files here."""

    stall_seconds: float
    start_seconds: float
    resident_bytes: int
    input_bytes: int = 0


class Watch:
    """Calls `end` once when process `pid` is stuck or takes too much, and says in `error` why.

    To be left when the process has ended.
    """

    def __init__(self, verb: str, pid: int, bounds: Bounds, end: Callable[[], None]) -> None:
        self.error: MediaError | None = None
        self.cpu_seconds = 0.0  # of the watching itself, once it is over
        self._verb, self._bounds, self._end = verb, bounds, end
        self._every = min(_EVERY, bounds.stall_seconds / 4)
        self._group = Group(pid)
        # Twice: an index is looked for from both ends.
        self._clock = StallClock(bounds.stall_seconds, bounds.start_seconds, 2 * bounds.input_bytes, self._every)
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()

    def progress(self, done: int) -> None:
        """Take note of frames done."""
        with self._turn:
            self._clock.more(frames=done)

    def alive(self, beats: int, quiet: float) -> None:
        """Take note of other signs of life, and of an announced silence."""
        with self._turn:
            self._clock.more(beats=beats)
            self._clock.quiet(quiet)

    def _watch(self) -> None:
        try:
            self._look_on()
        finally:
            self.cpu_seconds = time.thread_time()

    def _look_on(self) -> None:
        looks = 0
        while not self._over.wait(self._every):
            looks += 1
            if looks % _REFRESHED == 0:
                self._group.refresh()
            sample = self._group.sample()
            with self._turn:
                self.error = self._too_much(sample) or self._stuck(sample)
            if self.error:
                self._end()
                return

    def _too_much(self, sample: Sample) -> MediaError | None:
        most = self._bounds.resident_bytes
        if sample.resident > most and (self._group.proportional() or sample.resident) > most:
            return MemoryExceeded(
                f"{self._verb}: the worker process was ended: it took more than {_size(most)} of memory"
            )
        if sample.processes > _MOST_PROCESSES:
            return LimitExceeded(
                f"{self._verb}: the worker process was ended: it had started more than {_MOST_PROCESSES} processes"
            )
        return None

    def _stuck(self, sample: Sample) -> MediaError | None:
        clock = self._clock
        clock.read(sample.read)
        late = clock.tick(time.monotonic(), stopped=sample.stopped)
        if (late or (clock.is_half_over and not clock.has_baseline)) and not sample.stopped:
            late = not clock.grant(*self._group.ran_and_waited()) and late
        if not late:
            return None
        how = "it was stopped, and " if sample.stopped else ""
        return Stalled(
            f"{self._verb}: the worker process was ended: {how}it made no progress for {clock.seconds:g} s"
        )


def _size(number: int) -> str:
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{number / 2**20:.0f} MiB"
