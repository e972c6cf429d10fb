"""Why a child died, in words for its user."""

from __future__ import annotations

import signal

from media_ops.errors import ChildDied, LimitExceeded, MediaError
from media_ops.worker.machine import killed_for_memory

_CRASHES = {
    signal.SIGSEGV: "it touched memory that is not its own",
    signal.SIGBUS: "a file that it read was cut, or memory failed",
    signal.SIGABRT: "a library found itself in a state that cannot be",
    signal.SIGILL: "a library uses instructions that this processor does not have",
    signal.SIGFPE: "a library divided by zero",
}


class Death:
    """Made before the child is started, to tell afterwards whether the kernel was short of memory meanwhile."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._killed_before = killed_for_memory()

    def explained(self, status: int | None, stderr: str, *, ours: bool) -> MediaError:
        """Give the error for a child that left no answer; `ours` where we killed it ourselves."""
        last = stderr.strip().splitlines()[-1:] or ["it said nothing"]
        if not status or status > 0:
            return ChildDied(f"{self._verb}: the worker process ended with {status}: {last[0]}")
        name = signal.Signals(-status).name
        if -status == signal.SIGXCPU:
            return LimitExceeded(f"{self._verb}: the worker process was ended: it used more CPU time than it may")
        if reason := _CRASHES.get(signal.Signals(-status)):
            return ChildDied(f"{self._verb}: the worker process crashed by {name}: {reason}: {last[0]}")
        words = f"{self._verb}: the worker process was ended by {name}"
        if -status == signal.SIGKILL and not ours:
            now = killed_for_memory()
            short = now is not None and self._killed_before is not None and now > self._killed_before
            words += ", because memory ran out" if short else ", perhaps because memory ran out"
        return ChildDied(f"{words}: {last[0]}")
