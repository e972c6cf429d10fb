"""Scores of pairs of frames, out of memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media_ops.frames.likeness import picture
from media_ops.pulse import beat
from media_ops.quality.psnr import psnr, squared_errors
from media_ops.quality.ssim import ssim
from media_ops.quality.vmaf import Vmaf

Numbers = NDArray[np.float64]
_PLANES = ("psnr_y", "psnr_u", "psnr_v")


@dataclass(frozen=True)
class Scores:
    """Scores of frames in order, by name; films without chroma have no `psnr_u` and `psnr_v`.

    `psnr_y`, `psnr_u`, `psnr_v`: of one plane. `psnr`: of the mean squared error over the samples of all planes, so
    that in 4:2:0 luma counts four times as much as each chroma. `ssim`: of luma. `vmaf`: where it was asked for.
    """

    by_name: dict[str, Numbers]

    def __len__(self) -> int:
        return len(self.by_name["psnr"])


def measure(
    pairs: Iterable[tuple[VideoFrame, VideoFrame]],
    *,
    vmaf: Vmaf | None = None,
    on_frame: Callable[[int], None] = lambda done: None,
) -> Scores:
    """Score each (reference, distorted) of equal size and depth; `on_frame` gets frames done.

    `vmaf` is left open, for the caller to close.
    """
    rows: list[list[float]] = []
    planes = 0
    for reference, distorted in pairs:
        one, other = picture(reference), picture(distorted)
        errors, samples = squared_errors(one, other)
        planes = len(errors)
        each = [psnr(error / size, one.peak) for error, size in zip(errors, samples, strict=True)]
        whole = psnr(sum(errors) / sum(samples), one.peak)
        rows.append([*each, whole, ssim(one.planes[0], other.planes[0], one.peak)])
        if vmaf:
            vmaf.add_luma(one.planes[0], other.planes[0])
        beat()
        on_frame(len(rows))
    names = [*_PLANES[:planes], "psnr", "ssim"]
    columns = np.array(rows, np.float64).reshape(len(rows), len(names)).T
    by_name = dict(zip(names, columns, strict=True))
    if all(map(math.isnan, by_name["ssim"])):
        del by_name["ssim"]  # no window of it fits into the picture
    return Scores(by_name | ({"vmaf": vmaf.scores()} if vmaf else {}))
