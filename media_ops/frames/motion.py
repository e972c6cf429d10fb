"""Where the content of one picture is in another of the same scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]

# What motion leaves unexplained of the variance of two pictures: 0.65 and more across a cut, 0.08 at most elsewhere.
OTHER_SCENE = 0.35
# Standing still wins over a motion that fits less than so many times better: flow trembles where there is only noise.
STILL = 1.3
# What the small, soft picture keeps of the deviation of noise.
SOFTENED = 0.15
# Of the small picture; below it OpenCV 4.14's flow reads beyond its pyramid and takes the process with it.
SMALLEST = 16


class Motion:
    """Dense motion, found in a soft picture of half the size, and pictures moved along it.

    What it says of two pictures depends on nothing but these two.
    """

    def __init__(self, width: int, height: int, depth: int) -> None:
        cv2.setNumThreads(1)
        self.size = (max(1, width // 2), max(1, height // 2))
        self._shift = depth - 8
        # Finest scale 1 instead of 2: 0.5 dB of noise for 10 ms of 1080p; a wider stride takes a third of that back.
        self._flow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._flow.setFinestScale(1)
        self._flow.setPatchStride(6)
        self._flow.setVariationalRefinementIterations(1)
        self._grids: dict[tuple[int, ...], Plane] = {}

    def guide(self, luma: Plane) -> Plane:
        """Make the small picture that motion is looked for in."""
        small: Any = cv2.resize(luma, self.size, interpolation=cv2.INTER_AREA)
        eight = small if luma.dtype == np.uint8 else (small >> self._shift).astype(np.uint8)
        soft: Plane = cv2.GaussianBlur(eight, (0, 0), 1)
        return soft

    def between(self, here: Plane, there: Plane, noise: float = 0) -> Plane | None:
        """Say how far away in `there` each place of `here` is, in small pixels; None if that is another scene.

        Both are guides, and `noise` is the deviation of their sources' noise in 8-bit code values.
        """
        flow, moved = np.zeros((*here.shape, 2), np.float32), there
        if min(here.shape) >= SMALLEST:
            flow = self._flow.calc(here, there, None)
            moved = warped(there, flow + self._grid(here.shape))
            still, moving = (cv2.blur(cv2.absdiff(here, other), (9, 9)) for other in (there, moved))
            stands = cv2.blur(255 * (still <= STILL * moving).astype(np.uint8), (5, 5)) > 127
            flow[stands] = 0
            moved[stands] = there[stands]
        unlike = cv2.norm(here, moved, cv2.NORM_L2SQR) / here.size - 2 * (noise * SOFTENED) ** 2
        contrast = sum(float(cv2.meanStdDev(one)[1][0, 0]) ** 2 for one in (here, moved))
        return None if unlike > OTHER_SCENE * contrast else flow

    def brought(self, planes: Sequence[Plane], flow: Plane) -> list[Plane]:
        """Bring the planes of the other picture to where their content is here."""
        places: dict[tuple[int, ...], Plane] = {}
        for plane in planes:
            if plane.shape not in places:
                scale = np.array(plane.shape[::-1], np.float32) / np.array(self.size, np.float32)
                places[plane.shape] = cv2.add(fitted(flow * scale, plane), self._grid(plane.shape))
        return [warped(plane, places[plane.shape]) for plane in planes]

    def _grid(self, shape: tuple[int, ...]) -> Plane:
        """Coordinates of every sample, x first."""
        if shape not in self._grids:
            self._grids[shape] = np.ascontiguousarray(np.moveaxis(np.indices(shape, np.float32)[::-1], 0, -1))
        return self._grids[shape]


def warped(plane: Plane, places: Plane) -> Plane:
    """Look a plane up at places between its samples."""
    return cv2.remap(plane, places, np.empty(0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def fitted(small: Plane, plane: Plane) -> Plane:
    """Bring what was found in a small picture to the size of a plane."""
    return small if small.shape[:2] == plane.shape else cv2.resize(small, plane.shape[::-1])
