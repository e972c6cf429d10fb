"""Frames in the wrong place are found; coding noise and stillness are not taken for them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from media_ops.frames.matching import FrameMatcher

Cells = NDArray[np.uint16]


def film(motion: float, frames: int = 60, seed: int = 1) -> Cells:
    """Cells that drift by about `motion` code values a frame."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, motion, (frames, 9, 16))
    return np.clip((128 + np.cumsum(steps, 0)) * 256, 0, 65535).astype(np.uint16)


def judged(expected: Cells, decoded: Cells, noise: float = 0.0, exact: bool = False) -> list[int]:
    rng = np.random.default_rng(2)
    matcher = FrameMatcher(expected, exact=exact)
    for rank, cells in enumerate(decoded):
        noisy = np.clip(cells + rng.normal(0, noise * 256, cells.shape), 0, 65535)
        matcher.add(rank, noisy.astype(np.uint16))
    return [m.rank for m in matcher.misplaced()]


@pytest.mark.parametrize("motion", [0.0, 0.2, 3.0, 20.0])
@pytest.mark.parametrize("noise", [0.0, 0.3, 1.5])
def test_right_frames_pass_whatever_the_noise(motion: float, noise: float) -> None:
    frames = film(motion)
    assert judged(frames, frames, noise) == []


def test_two_swapped_frames_are_found() -> None:
    frames = film(3.0)
    order = list(range(60))
    order[30], order[31] = 31, 30
    assert judged(frames, frames[order], 0.2) == [30, 31]


def test_a_repeated_frame_is_found() -> None:
    frames = film(3.0)
    order = list(range(60))
    order[30] = 29
    assert judged(frames, frames[order], 0.2) == [30]


def test_a_dropped_frame_shifts_all_that_follow() -> None:
    frames = film(5.0)
    order = [*range(20), *range(21, 60), 59]
    assert len(judged(frames, frames[order], 0.2)) > 20


def test_lossless_means_equal() -> None:
    frames = film(0.0)
    spoiled = frames.copy()
    spoiled[7, 0, 0] += 1
    assert judged(frames, frames, exact=True) == []
    assert judged(frames, spoiled, exact=True) == [7]


def test_content_from_far_away_is_found_even_when_most_frames_are_wrong() -> None:
    frames = film(3.0)
    assert len(judged(frames, np.concatenate([frames[30:], frames[:30]]), 0.2)) == 60
