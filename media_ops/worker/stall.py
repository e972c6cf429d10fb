"""Notice a child that neither reports nor computes, and end it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# A child that computes is given more time between two reports; one that spins for ever is not.
BUSY = 6


class StallWatch:
    """Calls `end` once when process `pid` is stuck; leave the block when it has ended.

    Stuck means: no report for `seconds` while it and its children used no CPU time, or none at all for `BUSY` times
    as long, whatever they use.
    """

    def __init__(self, pid: int, seconds: float, end: Callable[[], None]) -> None:
        self.reason: str | None = None
        self._pid, self._seconds, self._end = pid, seconds, end
        self._over = threading.Event()
        self._reported = self._worked = time.monotonic()
        self._used = -1.0
        self._thread = threading.Thread(target=self._watch, name="stall watch", daemon=True)

    def __enter__(self) -> StallWatch:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()

    def alive(self) -> None:
        """Note that the child reported something."""
        self._reported = self._worked = time.monotonic()

    def _watch(self) -> None:
        while not self._over.wait(min(10.0, self._seconds / 4)):
            now = time.monotonic()
            if (used := _cpu_seconds(self._pid)) != self._used:
                self._used, self._worked = used, now
            if now - self._worked > self._seconds:
                self.reason = f"it neither reported nor computed anything for {self._seconds:g} s"
            elif now - self._reported > BUSY * self._seconds:
                self.reason = f"it reported nothing for {BUSY * self._seconds:g} s"
            if self.reason:
                self._end()
                return


def _cpu_seconds(pid: int) -> float:
    """CPU time of a process, of its living descendants, and of its ended children; 0 when it is gone."""
    import psutil

    used = 0.0
    try:
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return used
    for process in family:
        try:
            used += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return used
