"""What a frame algorithm makes of a film's size and times."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_ops.algorithm import Algorithm, FrameAlgorithm
from media_ops.frames.index import Facts, FrameIndex

Int = NDArray[np.int64]


def produced_facts(algorithm: FrameAlgorithm, facts: Facts) -> Facts:
    """Give what the encoder is told: the algorithm's size, and a clock that counts its frames exactly."""
    width, height = algorithm.geometry(facts.width, facts.height)
    return replace(
        facts,
        width=width,
        height=height,
        time_base=facts.time_base / algorithm.rate,
        rate=facts.rate * algorithm.rate,
    )


def produced_times(frame_pts: Int, stop: int, rate: int) -> Int:
    """Give times in ticks of the produced clock: `rate` frames, evenly spread from each one to the next.

    `stop` is when the last of `frame_pts` is no longer shown, on the source's clock.
    """
    following = np.append(frame_pts[1:], stop)
    steps = np.arange(rate, dtype=np.int64)
    times: Int = (frame_pts[:, None] * rate + steps * (following - frame_pts)[:, None]).reshape(-1)
    return times


def result_index(algorithm: Algorithm, index: FrameIndex) -> FrameIndex:
    """Give the index that the result of any algorithm must have, before its encoder chose a pixel format."""
    if not isinstance(algorithm, FrameAlgorithm):
        return index
    from media_ops.frames.arrays import Pictures  # and cv2, which encode algorithms do without

    return produced_index(algorithm, index, Pictures(index.facts, algorithm.frames).facts)


def produced_index(algorithm: FrameAlgorithm, index: FrameIndex, facts: Facts) -> FrameIndex:
    """Give the index that the result must have: of its columns only those of frames mean anything."""
    rate = algorithm.rate
    times = produced_times(index.frame_pts, index.ends, rate)
    count = len(times)
    packets: dict[str, Any] = {name: np.zeros(count, np.int64) for name in ("pts", "dts", "size", "pos", "entry")}
    shown = np.append(times[1:], index.ends * rate) - times
    return replace(
        index,
        facts=produced_facts(algorithm, facts),
        order=np.arange(count),
        frame_pts=times,
        duration=shown,
        **packets,
    )
