"""Which constant quality gives a measured one: a few trials, each where a line through those before says."""

from __future__ import annotations

from dataclasses import dataclass, field

from media_ops.rate.aim import Aim, Metric

# The finest and the coarsest that is tried, and the steps that a job is given.
_RANGES = {"libx264": (6.0, 48.0, 0.1), "libx265": (6.0, 48.0, 0.1), "libsvtav1": (6.0, 63.0, 0.25)}
# How much the metric falls, roughly, with each step of CRF: only where the second trial is made depends on it.
_SLOPES: dict[Metric, float] = {"vmaf": 1.2, "psnr": 0.5, "ssim": 0.003}
_MOST_TRIALS = 6
# No further trial is worth its cost when the two around the target are so near.
_NEAR = 0.75
_WIDE, _PULL = 3.0, 0.4


@dataclass
class Search:
    """Trials so far, in `seen` as (crf, value); quality falls as crf grows."""

    target: float
    slack: float
    slope: float
    begin: float
    finest: float
    coarsest: float
    step: float
    seen: list[tuple[float, float]] = field(default_factory=list)

    @classmethod
    def of(cls, aim: Aim, codec: str, begin: float) -> Search:
        """Begin at the quality that a job has without an aim."""
        assert aim.metric is not None
        finest, coarsest, step = _RANGES[codec]
        return cls(aim.target, aim.slack, _SLOPES[aim.metric], begin, finest, coarsest, step)

    def next(self) -> float | None:
        """Say what to try next; None when there is enough to decide by."""
        if not self.seen:
            return self._allowed(self.begin)
        if len(self.seen) >= _MOST_TRIALS or any(
            abs(value - self.target) <= self.slack / 2 for _, value in self.seen
        ):
            return None
        good, bad = self._around()
        if good and bad and bad[0] - good[0] <= _NEAR:
            return None
        tried = {crf for crf, _ in self.seen}
        wanted = self._crossing()
        if good and bad and bad[0] - good[0] > _WIDE:  # a curve is no line: the middle says more than a line's end
            wanted += _PULL * ((good[0] + bad[0]) / 2 - wanted)
        wanted = self._allowed(wanted)
        return None if wanted in tried else wanted

    def tell(self, crf: float, value: float) -> None:
        """Note what a trial gave."""
        self.seen.append((crf, value))

    @property
    def best(self) -> float:
        """The coarsest quality that is expected to reach the target, or the finest there is."""
        for crf, value in self.seen:
            if abs(value - self.target) <= self.slack / 2:
                return crf
        return self._allowed(self._crossing())

    @property
    def expected(self) -> float:
        """What the metric should be there."""
        known = dict(self.seen)
        if self.best in known:
            return known[self.best]
        good, bad = self._around()
        if good and bad:
            share = (self.best - good[0]) / (bad[0] - good[0])
            return good[1] + share * (bad[1] - good[1])
        near = good or bad
        assert near is not None
        return near[1] - self.slope * (self.best - near[0])

    def _around(self) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
        """The nearest trials that reached the target, and that did not."""
        good = max((one for one in self.seen if one[1] >= self.target), default=None)
        bad = min((one for one in self.seen if one[1] < self.target), default=None)
        return good, bad

    def _crossing(self) -> float:
        good, bad = self._around()
        if good and bad and bad[0] > good[0]:
            share = (good[1] - self.target) / (good[1] - bad[1])
            return good[0] + share * (bad[0] - good[0])
        crf, value = good or bad or (self.begin, self.target)
        # Away from all trials: ever further than the line says, so that the target gets between two.
        return crf + (0.8 + 0.5 * len(self.seen)) * (value - self.target) / self.slope

    def _allowed(self, crf: float) -> float:
        return round(min(self.coarsest, max(self.finest, self.step * round(crf / self.step))), 2)
