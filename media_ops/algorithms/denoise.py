"""Temporal noise reduction that follows motion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from media_ops.algorithm import FrameAlgorithm, FrameParams, Need
from media_ops.frame import Film, Planes, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[Any]

NoiseStrength = Annotated[
    float,
    Field(
        ge=0,
        le=50,
        title="Strength",
        description="How strong the noise is: its standard deviation in 8-bit code values. 3 is faint, "
        "5 a phone indoors, 20 a night shot; 0 changes nothing.",
    ),
]

# Places whose distance is so many times that of pure noise still count in full; from the second figure on not at all.
FITS, FOREIGN = 1.1, 2.1
# The smallest of several noisy measures is too small, by so much for four of them.
SELECTED, FLOOR = 1.1, 0.01
# Lines worked on at a time: what they need stays in the cache.
LINES = 32


class Denoise(FrameAlgorithm):
    """Remove noise, following motion.

    Averages each frame with its neighbours wherever they show the same thing, moved or not, and smooths in space what
    no neighbour shows. Grain of dark rooms and high ISO goes, texture stays, and nothing leaves a trail. For film
    that has to look its best: it costs about three times what encoding does. `denoise_fast` is the cheap one.
    """

    version = "1.0.0"
    frames = Planes()
    exactness: ClassVar[Literal["exact"]] = "exact"
    cpu_seconds_per_megapixel = 0.13
    examples = ({"strength": 12},)

    class Params(FrameParams):
        strength: NoiseStrength = 5
        radius: int = Field(
            2,
            ge=1,
            le=3,
            title="Radius",
            description="Neighbour frames on each side. More is cleaner, and costs in proportion.",
        )
        chroma: float = Field(
            1,
            ge=0,
            le=2,
            title="Chroma",
            description="Strength of the noise in colour, beside that in brightness; 0 leaves colour as it is.",
        )

    def need(self) -> Need:
        return Need(before=self.params.radius, after=self.params.radius)

    def setup(self, film: Film) -> None:
        import cv2

        from media_ops.frames.motion import Motion

        self._cv2 = cv2
        self._scale = 2 ** (film.depth - 8)
        self._motion = Motion(film.width, film.height, film.depth)
        self._guides: dict[int, Plane] = {}

    def process(self, window: Window) -> tuple[Plane, ...]:
        planes: tuple[Plane, ...] = window.picture
        if self.params.strength == 0:
            return planes
        neighbours = self._neighbours(window)
        # A frame repeated for a faster rate holds the same noise once more; a still picture has none to tell.
        distinct = [(moved, distance) for moved, distance in neighbours if distance.any()]
        if neighbours and not distinct:
            return planes
        noise = self._noise([distance for _, distance in distinct])
        weights = [self._fit(distance / noise) for _, distance in distinct]
        total = sum(weights, 1 + 0 * noise)
        left = noise * sum((weight * weight for weight in weights), 1) / total**2
        made = list(planes)
        for number, plane in enumerate(planes):
            sigma = self.params.strength * self._scale * (self.params.chroma if number else 1)
            if sigma:
                moved = [others[number] for others, _ in distinct]
                made[number] = self._cleaned(plane, moved, weights, total, left * sigma**2)
        return tuple(made)

    def _neighbours(self, window: Window) -> list[tuple[list[Plane], Plane]]:
        """Give the neighbours of the same scene, moved to where their content is now, and their distances."""
        for rank in [rank for rank in self._guides if rank < window.rank + window.offsets.start]:
            del self._guides[rank]
        found = []
        for side in (-1, 1):
            for offset in range(side, side * (self.params.radius + 1), side):
                if offset not in window.offsets:
                    break
                here, there = self._guide(window, 0), self._guide(window, offset)
                flow = self._motion.between(here, there, self.params.strength)
                if flow is None:
                    break
                moved = self._motion.brought(window[offset], flow)
                found.append((moved, self._distance(window.picture, moved)))
        return found

    def _guide(self, window: Window, offset: int) -> Plane:
        """Give the picture that motion is looked for in; each is made once."""
        rank = window.rank + offset
        if rank not in self._guides:
            self._guides[rank] = self._motion.guide(window[offset][0])
        return self._guides[rank]

    def _distance(self, planes: tuple[Plane, ...], moved: list[Plane]) -> Plane:
        """Measure how far a moved neighbour is from the picture, at half the size.

        It is the squared difference, averaged around each place, in units of what noise of the strength would give.
        Luma counts as much as both planes of colour.
        """
        cv2, size = self._cv2, self._motion.size
        distance: Any = 0
        for number, (plane, other) in enumerate(zip(planes, moved, strict=True)):
            apart = cv2.subtract(plane, other, dtype=cv2.CV_32F)
            if plane.shape[::-1] != size:
                apart = cv2.resize(apart, size, interpolation=cv2.INTER_AREA)
            share = 1 if len(planes) == 1 else 0.5 if number == 0 else 0.25
            expected = 2 * (self.params.strength * self._scale) ** 2 * apart.size / plane.size
            distance = distance + share / expected * apart * apart
        blurred: Plane = cv2.blur(distance, (5, 5))
        return blurred

    def _noise(self, distances: list[Plane]) -> Plane:
        """Say what part of the strength is real: noise is at most what the most similar neighbour differs by."""
        import numpy as np

        noise = np.ones(self._motion.size[::-1], np.float32)
        for distance in distances:
            np.minimum(noise, SELECTED * self._cv2.blur(distance, (15, 15)), out=noise)
        return noise.clip(FLOOR, 1)

    @staticmethod
    def _fit(distance: Plane) -> Plane:
        """Turn distances into weights, 1 to 0."""
        return ((FOREIGN - distance) / (FOREIGN - FITS)).clip(0, 1) ** 2

    def _cleaned(self, plane: Plane, moved: list[Plane], weights: list[Plane], total: Plane, left: Plane) -> Plane:
        """Average a plane with its moved neighbours, and smooth by the noise that is left."""
        *weights, total, left = (self._fitted(small, plane) for small in (*weights, total, left))
        made = plane.copy()
        for top in range(0, len(plane), LINES):
            # Two lines around, for the filter.
            first = max(0, top - 2)
            lines = slice(first, top + LINES + 2)
            mean = plane[lines].astype("float32")
            for other, weight in zip(moved, weights, strict=True):
                mean += other[lines] * weight[lines]
            mean /= total[lines]
            smooth = self._smoothed(mean, left[lines]).round().clip(0, 256 * self._scale - 1)
            made[top : top + LINES] = smooth[top - first :][:LINES]
        return made

    def _smoothed(self, mean: Plane, noise: Plane) -> Plane:
        """Wiener's filter: keep of each place's deviation from its surroundings what its noise does not explain."""
        around: Plane = self._cv2.blur(mean, (5, 5))
        variance = (self._cv2.sqrBoxFilter(mean, -1, (5, 5)) - around * around).clip(1e-3)
        smooth: Plane = around + (1 - noise / variance).clip(0) * (mean - around)
        return smooth

    def _fitted(self, small: Plane, plane: Plane) -> Plane:
        """Bring what was found at half the size to that of a plane."""
        return small if small.shape == plane.shape else self._cv2.resize(small, plane.shape[::-1])
