"""Scores of many frames in a few figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from media_ops.quality.psnr import of_mean_error
from media_ops.quality.report import Name, ScoredFrame, Summary
from media_ops.quality.scores import Numbers, Scores

_PERCENTILES = {"min": 0, "1": 1, "5": 5, "25": 25, "50": 50, "75": 75, "95": 95, "max": 100}
_WORST = 5
# Frames between two of the worst, and the part of a long film: each is to show another place.
_APART, _PART = 12, 0.01


def summary(name: str, values: Numbers) -> Summary:
    """Pool the scores of one metric."""
    vmaf, psnr = name == "vmaf", name.startswith("psnr")
    return Summary(
        mean=float(values.mean()),
        harmonic_mean=float(1 / np.mean(1 / (values + 1)) - 1) if vmaf else None,
        of_mean_error=of_mean_error(values) if psnr else None,
        percentiles={label: float(np.percentile(values, at)) for label, at in _PERCENTILES.items()},
    )


def leading(scores: Scores) -> Name:
    """Name the metric by which frames are called bad."""
    return "vmaf" if "vmaf" in scores.by_name else "psnr_y"


def worst(scores: Scores, seconds: Sequence[float]) -> list[ScoredFrame]:
    """Give the lowest frames, none of them near a lower one."""
    values = scores.by_name[leading(scores)]
    apart = max(_APART, _PART * len(values))
    found: list[int] = []
    for rank in np.argsort(values, kind="stable").tolist():
        if all(abs(rank - other) >= apart for other in found):
            found.append(rank)
        if len(found) == _WORST:
            break
    return [
        ScoredFrame(
            rank=rank,
            seconds=seconds[rank],
            scores={name: float(column[rank]) for name, column in scores.by_name.items()},
        )
        for rank in found
    ]
