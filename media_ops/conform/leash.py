"""What ends the work on one file from outside: its time is over, or everything ends."""

from __future__ import annotations

import threading
import time

from media_ops.crew import Crew


class Leash:
    """Halts the crew at work when the deadline passes, or at once by `pull`."""

    def __init__(self, seconds: float) -> None:
        self._changed = threading.Condition()
        self._deadline = time.monotonic() + seconds
        self._crew: Crew | None = None
        self._ended = False
        self.expired = False
        self.pulled = False
        self._watch = threading.Thread(target=self._wait, daemon=True)

    def __enter__(self) -> Leash:
        self._watch.start()
        return self

    def __exit__(self, *raised: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._watch.join()

    @property
    def over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.expired or self.pulled

    def hold(self, crew: Crew) -> None:
        """Take the crew that works from now on."""
        with self._changed:
            self._crew = crew
            self._changed.notify_all()

    def until(self, deadline: float) -> None:
        """Move the deadline, on the monotonic clock, if that gives more time."""
        with self._changed:
            self._deadline = max(self._deadline, deadline)

    def pull(self) -> None:
        """End the work."""
        with self._changed:
            self.pulled = True
            self._changed.notify_all()

    def _wait(self) -> None:
        halted: Crew | None = None
        while True:
            with self._changed:
                left = self._deadline - time.monotonic()
                self.expired |= left <= 0
                if self._ended:
                    return
                if not self.over:
                    self._changed.wait(left)
                    continue
                crew = self._crew
                if crew is halted:
                    self._changed.wait(0.5)
                    continue
            assert crew is not None
            crew.halt()
            halted = crew
