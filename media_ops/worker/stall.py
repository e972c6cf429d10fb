"""Whether a child still gets on: judged by what it has done, not by how long it takes."""

from __future__ import annotations

# So many times the stall time may be granted again to a child that hardly gets a processor.
_MOST_GRANTED = 20
# Less of the time that it wants one than this is hardly.
_HARDLY = 0.1
# So much that is read is a sign of life, too: a demuxer may look for its place in a large file by itself.
_READ = 16 * 2**20


class StallClock:
    """Counts the seconds without progress; `tick` is called now and then, `more` with what was done so far.

    Progress is a count that grows: of frames, or of beats. Only time that was looked at counts, so that a watcher
    which was stopped itself, or did not get a processor, ends nobody.
    """

    def __init__(self, seconds: float, first: float, readable: int, interval: float) -> None:
        """Allow `seconds`, and `first` until the first progress; so many bytes read between two signs count."""
        self.seconds = seconds
        self.silent = 0.0
        self._first = max(first, seconds)
        self._readable = readable
        self._most = 2 * interval
        self._looked: float | None = None
        self._best = {"frames": 0, "beats": 0}
        self._begun = False
        self._quiet = 0.0
        self._read = self._read_at_progress = 0
        self._granted = 0
        self._baseline: tuple[float, float, float] | None = None

    def more(self, frames: int = 0, beats: int = 0) -> None:
        """Take note of what was done so far; the same number again is nothing."""
        for kind, number in (("frames", frames), ("beats", beats)):
            if number > self._best[kind]:
                self._best[kind] = number
                self._begun = True
                self._alive()
                self._granted, self._read_at_progress = 0, self._read

    def quiet(self, seconds: float) -> None:
        """Allow so many seconds more, until told otherwise: an announcement is no progress."""
        self._quiet = seconds

    def read(self, total: int) -> None:
        """Take note of bytes read: progress as well, unless the same is read again and again."""
        if total - self._read >= _READ:
            self._read = total
            if total - self._read_at_progress <= self._readable:
                self._alive()

    def tick(self, now: float, *, stopped: bool = False) -> bool:
        """Say whether the time is over. What was announced does not count for a process that is stopped."""
        if self._looked is not None:
            self.silent += min(now - self._looked, self._most)
        self._looked = now
        if stopped:
            return self.silent > self.seconds
        return self.silent > (self.seconds if self._begun else self._first) + self._quiet

    @property
    def is_half_over(self) -> bool:
        """Whether to begin looking if it gets a processor."""
        return self.silent > self.seconds / 2

    def grant(self, ran: float, waited: float) -> bool:
        """Allow half of the time again if the child hardly got a processor since the last call; so many times only.

        `ran` and `waited` are seconds so far of all its threads.
        """
        last, self._baseline = self._baseline, (self.silent, ran, waited)
        if last is None or self._granted == _MOST_GRANTED:
            return False
        ran, waited, since = ran - last[1], waited - last[2], self.silent - last[0]
        if waited < since / 2 or ran > _HARDLY * (ran + waited):
            return False
        self._granted += 1
        self.silent -= self.seconds / 2
        self._baseline = (self.silent, *self._baseline[1:])
        return True

    @property
    def has_baseline(self) -> bool:
        """Whether `grant` has something to compare with."""
        return self._baseline is not None

    def _alive(self) -> None:
        self.silent, self._baseline = 0.0, None
