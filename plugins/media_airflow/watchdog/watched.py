"""How old something is, counted in time that was watched."""

from __future__ import annotations

from dataclasses import dataclass

# The DAG runs each minute. Whoever did not look for longer was off, or the clock jumped.
GAP = 180.0
_KEPT = 30 * 86_400.0


@dataclass(frozen=True)
class Watched:
    """Spans of wall time in which nobody looked; they count as nothing.

    So neither a clock that is set nor a night in which the machine was off makes everything old at once.
    """

    now: float
    gaps: tuple[tuple[float, float], ...] = ()

    @classmethod
    def since(cls, last: float | None, gaps: tuple[tuple[float, float], ...], now: float) -> Watched:
        """Go on from the last look; without one, everything begins now."""
        if last is None:
            return cls(now, ((0.0, now),))
        if now - last > GAP:
            gaps = (*gaps, (last, now))
        # After a clock was set back, what lies ahead tells nothing.
        return cls(now, tuple((a, min(b, now)) for a, b in gaps if now - _KEPT < b and a < now))

    def age(self, moment: float) -> float:
        """Give seconds from a moment until now, never less than 0."""
        missed = sum(max(0.0, end - max(start, moment)) for start, end in _joined(self.gaps))
        return max(0.0, self.now - moment - missed)

    def before(self, seconds: float) -> float:
        """Give the moment that has this age."""
        moment = self.now - seconds
        for start, end in reversed(_joined(self.gaps)):
            if end > moment:
                moment -= end - start
        return max(0.0, moment)


def _joined(gaps: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Spans in order, each moment in one of them at most."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(gaps):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
