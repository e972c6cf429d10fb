"""PSNR: 10 log10(peak^2 / mean squared error), in dB."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from media_ops.frames.likeness import Picture

Numbers = NDArray[np.float64]
# What identical pictures get, and those that are nearer: one sample off by 1 in an 8-bit frame of 1080 lines is 111.
CAP = 100.0


def squared_errors(reference: Picture, distorted: Picture) -> tuple[list[float], list[int]]:
    """Give the sum of squared differences of each plane that both have, and the planes' samples."""
    errors, samples = [], []
    for one, other in zip(reference.planes, distorted.planes, strict=False):
        errors.append(cv2.norm(_known(one), _known(other), cv2.NORM_L2SQR))
        samples.append(one.size)
    return errors, samples


def psnr(mean_squared_error: float, peak: int) -> float:
    """Give it for one plane, or for several whose errors are averaged; at most `CAP`."""
    if mean_squared_error <= 0:
        return CAP
    return min(CAP, float(10 * np.log10(peak * peak / mean_squared_error)))


def of_mean_error(values: Numbers) -> float:
    """Give the PSNR of the mean squared error of frames with these PSNRs, as FFmpeg's summary does."""
    return float(-10 * np.log10(np.mean(10 ** (-values / 10))))


def _known(plane: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Give the plane in the machine's own byte order, which is all that OpenCV knows."""
    return plane if plane.dtype.isnative else plane.astype(np.uint16)
