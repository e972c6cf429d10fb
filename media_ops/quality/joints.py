"""Whether the frames at a joint lie lower than those around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from media_ops.quality.report import JointScore, Name
from media_ops.quality.scores import Numbers, Scores

_NEAR, _AROUND = 3, 12
_LIMITS: dict[Name, float] = {"psnr_y": 1.0, "vmaf": 2.0}
_SAMPLES = 2000  # places without a joint, to know what is usual


def depth(values: Numbers, rank: int) -> float | None:
    """Say how far the 3 frames either side of `rank` go below the 12 beyond them; None where there are none."""
    sides = (
        (values[max(0, rank - _NEAR) : rank], values[max(0, rank - _NEAR - _AROUND) : max(0, rank - _NEAR)]),
        (values[rank : rank + _NEAR], values[rank + _NEAR : rank + _NEAR + _AROUND]),
    )
    found = [float(around.mean() - near.min()) for near, around in sides if len(near) and len(around)]
    return max(found, default=None)


def joint_scores(scores: Scores, joints: Sequence[int], seconds: Sequence[float]) -> list[JointScore]:
    """Look at each joint by PSNR of luma, and by VMAF where it was measured."""
    found = []
    for name, limit in _LIMITS.items():
        values = scores.by_name.get(name)
        if values is None:
            continue
        usual = _usual(values, joints)
        for rank in joints:
            below = depth(values, rank)
            if below is not None:
                lower = below > max(limit, usual)
                found.append(
                    JointScore(rank=rank, seconds=seconds[rank], metric=name, below=below, usual=usual, lower=lower)
                )
    return found


def _usual(values: Numbers, joints: Sequence[int]) -> float:
    free = np.ones(len(values), bool)
    for rank in joints:
        free[max(0, rank - _NEAR - _AROUND) : rank + _NEAR + _AROUND] = False
    places = np.flatnonzero(free)[1:]
    step = max(1, len(places) // _SAMPLES)
    depths = [below for rank in places[::step].tolist() if (below := depth(values, rank)) is not None]
    return float(np.percentile(depths, 95)) if depths else 0.0
