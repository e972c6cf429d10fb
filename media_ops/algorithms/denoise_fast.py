"""Recursive noise reduction, cheap, with a memory that provably fades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from media_ops.algorithm import FrameAlgorithm, FrameParams, Need
from media_ops.algorithms.denoise import NoiseStrength
from media_ops.frame import Film, Planes, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[Any]

# All in units of the strength. Differences up to REACH are averaged in full, from twice that on not at all; in the
# small picture, which shows a quarter of the noise, up to SMALL_REACH. Its mean difference is 0.22 where nothing
# moves: up to STILL it stands for no motion, from MOVING on for motion and no averaging.
REACH, SMALL_REACH, STILL, MOVING = 3.2, 0.8, 0.36, 0.75
# Lines worked on at a time: what they need stays in the cache, which halves the time.
LINES = 32


class DenoiseFast(FrameAlgorithm):
    """Remove noise where nothing moves, fast.

    Each frame is averaged with the result before it, except where something moves; there the source stays as it is.
    For cameras that stand still, screens, and previews: it costs a small part of what encoding does. `denoise`
    follows motion.
    """

    version = "1.0.0"
    frames = Planes()
    exactness: ClassVar[Literal["converging"]] = "converging"
    cpu_seconds_per_megapixel = 0.006
    examples = ({"strength": 12},)

    class Params(FrameParams):
        strength: NoiseStrength = 5
        memory: int = Field(
            6,
            ge=2,
            le=16,
            title="Memory",
            description="Frames that a still place is averaged over. More is cleaner, and slower to follow a change.",
        )

    @property
    def keep(self) -> float:
        """The part of a difference from the past that is given up to it, where nothing moves."""
        return 1 - 2 / (int(self.params.memory) + 1)

    def need(self) -> Need:
        """Bound what two runs that began apart can differ by, whatever they see.

        Let r be `keep` and tri the triangle wave |tri(d)| <= |d|, T of slope 1, -1, then 0. The small picture's state
        s' = c - r tri(c - s) has a derivative within [-r, r] by s: two runs differ by at most r times as much after
        each frame, and by r * SMALL_REACH after the first. The weight q of a place is an average of such differences
        put through a line of slope 1 / (MOVING - STILL), times r; so p' = c - q tri(c - p) moves two runs to at most
        r times their distance, plus REACH times what q differs by. From r * REACH on, n frames leave at most
        r**n * (r * REACH + n * r * REACH * SMALL_REACH / (MOVING - STILL)), in units of the strength. At a 16th of a
        code value one sample in 16 may be rounded the other way: 60 dB.
        """
        frames, rest = 0, 1.0
        while self.params.strength and rest > 1 / 16:
            frames += 1
            slope = REACH * SMALL_REACH / (MOVING - STILL)
            rest = self.params.strength * self.keep ** (frames + 1) * (REACH + frames * slope)
        return Need(warm_up=frames)

    def setup(self, film: Film) -> None:
        import cv2

        cv2.setNumThreads(1)
        self._cv2 = cv2
        self._sigma = self.params.strength * 2 ** (film.depth - 8)
        self._size = (max(1, film.width // 4), max(1, film.height // 4))
        self._past: list[Plane] = []
        self._small: Plane | None = None

    def process(self, window: Window) -> tuple[Plane, ...]:
        planes: tuple[Plane, ...] = window.picture
        if self._sigma == 0:
            return planes
        weight = self._stillness(planes[0])
        if not self._past:
            self._past = [plane.astype("float32") for plane in planes]
            return planes
        return tuple(self._averaged(*pair, weight) for pair in zip(planes, self._past, strict=True))

    def _stillness(self, luma: Plane) -> Plane:
        """Say how much of the past each place of the small picture takes: `keep` at most, 0 where it moves."""
        cv2, sigma = self._cv2, self._sigma
        seen = cv2.resize(luma, self._size, interpolation=cv2.INTER_AREA).astype("float32")
        apart = seen - (seen if self._small is None else self._small)
        self._small = seen - self.keep * triangle(apart, SMALL_REACH * sigma)
        moves: Plane = cv2.blur(abs(apart), (3, 3))
        weight: Plane = ((MOVING * sigma - moves) * (self.keep / ((MOVING - STILL) * sigma))).clip(0, self.keep)
        return weight

    def _averaged(self, plane: Plane, past: Plane, weight: Plane) -> Plane:
        """Move the past on to this frame; it stays between what it was and what is seen, so nothing overflows."""
        import numpy as np

        weights = self._cv2.resize(weight, plane.shape[::-1])
        made = np.empty_like(plane)
        for top in range(0, len(plane), LINES):
            lines = slice(top, top + LINES)
            seen = plane[lines].astype("float32")
            apart = triangle(seen - past[lines], REACH * self._sigma)
            apart *= weights[lines]
            np.subtract(seen, apart, out=past[lines])
            np.rint(past[lines], out=made[lines], casting="unsafe")
        return made


def triangle(apart: Plane, reach: float) -> Plane:
    """Keep differences up to `reach`; beyond, let them fall to 0 at twice that."""
    kept = apart.clip(-reach, reach)
    kept -= (apart - kept).clip(-reach, reach)
    return kept
