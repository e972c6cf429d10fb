"""White balance, local contrast and saturation that do not flicker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Film, Moment, Rgb, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from media_ops.frame import Artefact

    Array = NDArray[Any]

LUMA = (0.2126, 0.7152, 0.0722)
# The histogram of colour: red and blue in bins of a 32nd of an octave above and below green, one octave each way.
OCTAVE = 32
BINS = 2 * OCTAVE + 1
# Octaves. A colour so far from the light's says half as much about it; a cast so strong is half believed.
COLOURFUL, SUNSET = 0.4, 0.7
# The gain of a channel holds up to here, then bends so that white stays white.
KNEE = 0.75
# Lines worked on at a time stay in the cache.
LINES = 32


class EnhanceColor(FrameAlgorithm):
    """Enhance colour and contrast.

    Takes a colour cast off, lifts local contrast and colours a little. The light is measured over the whole film
    first, and every frame gets the same correction, so nothing pumps or flickers. A sunset stays one. For footage as
    it comes from phones and cameras. It costs about a fifth of what encoding does.
    """

    version = "1.0.0"
    frames = Rgb()
    exactness: ClassVar[Literal["exact"]] = "exact"
    cpu_seconds_per_megapixel = 0.01
    examples = ({"contrast": 0.6, "saturation": 0.3},)

    class Params(FrameParams):
        white_balance: float = Field(
            0.85,
            ge=0,
            le=1,
            title="White balance",
            description="How much of the film's colour cast is taken off; 0 none, 1 all of it.",
        )
        contrast: float = Field(
            0.25,
            ge=0,
            le=1,
            title="Local contrast",
            description="How much structure stands out from its surroundings; 0 as it is.",
        )
        saturation: float = Field(
            0.1,
            ge=-1,
            le=1,
            title="Saturation",
            description="How much stronger colours become: 0.1 by a tenth; 0 as they are, -1 black and white.",
        )

    def analyse(self, film: Film, moments: Iterable[Moment]) -> Artefact:
        """Count the colours of mid-tones, in whole numbers: their sum does not depend on where the film is cut."""
        import cv2
        import numpy as np

        cv2.setNumThreads(1)
        scale = max(1.0, film.width / 240, film.height / 240)
        size = (max(1, round(film.width / scale)), max(1, round(film.height / scale)))
        bins = np.rint(OCTAVE * np.log2(np.maximum(np.arange(256), 1))).astype(np.int64)
        colours = np.zeros(BINS * BINS, np.int64)
        for moment in moments:
            small = cv2.resize(moment.picture, size, interpolation=cv2.INTER_AREA)
            if small.dtype != np.uint8:
                small = (small >> 8).astype(np.uint8)
            pixels = small.reshape(-1, 3)
            pixels = pixels[(pixels.min(1) >= 12) & (pixels.max(1) <= 243)]
            red, green, blue = (bins[pixels[:, channel]] for channel in range(3))
            across, along = red - green + OCTAVE, blue - green + OCTAVE
            inside = (abs(red - green) <= OCTAVE) & (abs(blue - green) <= OCTAVE)
            colours += np.bincount(across[inside] * BINS + along[inside], minlength=colours.size)
        return {"colours": colours.reshape(BINS, BINS)}

    def join(self, parts: Sequence[Artefact]) -> Artefact:
        return {"colours": sum((part["colours"] for part in parts[1:]), parts[0]["colours"])}

    def setup(self, film: Film) -> None:
        import cv2
        import numpy as np

        cv2.setNumThreads(1)
        self._cv2 = cv2
        self._gains = gains(film.artefact["colours"], self.params.white_balance)
        self._tables: dict[int, Array] = {}
        colour = 1 + self.params.saturation
        self._mix = (colour * np.eye(3) + (1 - colour) * np.array(LUMA)).astype(np.float32)
        self._size = (max(1, film.width // 4), max(1, film.height // 4))
        self._radius = 2 * (max(self._size) // 40) + 3

    def process(self, window: Window) -> Array:
        import numpy as np

        picture: Array = window.picture
        balanced = bool((self._gains != 1).any())
        if not (balanced or self.params.contrast or self.params.saturation):
            return picture
        cv2, peak = self._cv2, np.iinfo(picture.dtype).max
        depth = cv2.CV_8U if peak == 255 else cv2.CV_16U
        lift = cv2.resize(self._lift(picture, peak), picture.shape[1::-1])
        made = np.empty_like(picture)
        for top in range(0, len(picture), LINES):
            lines = slice(top, top + LINES)
            mixed = cv2.transform(self._balanced(picture[lines], peak), self._mix)
            made[lines] = cv2.add(mixed, cv2.merge([lift[lines]] * 3), dtype=depth)
        return made

    def _balanced(self, picture: Array, peak: int) -> Array:
        """Take the cast off, by a table for each channel."""
        import numpy as np

        if peak not in self._tables:
            levels = np.linspace(0, 1, peak + 1)
            tables = np.stack([curve(levels, gain) for gain in self._gains], -1) * peak
            self._tables[peak] = tables.astype(np.float32)
        table = self._tables[peak]
        if peak == 255:
            balanced: Array = self._cv2.LUT(picture, table.reshape(256, 1, 3))
            return balanced
        return np.stack([table[:, channel][picture[..., channel]] for channel in range(3)], -1)

    def _lift(self, picture: Array, peak: int) -> Array:
        """Say how much brighter each place becomes: its difference from surroundings that end at edges.

        Made in a small picture, so that noise is not lifted; less where it would leave the range.
        """
        import numpy as np

        cv2 = self._cv2
        small = self._balanced(cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA), peak)
        luma = cv2.transform(small, np.array([LUMA], np.float32) / peak).reshape(small.shape[:2])
        window = (self._radius, self._radius)
        mean = cv2.blur(luma, window)
        variance = np.maximum(cv2.blur(luma * luma, window) - mean * mean, 0)
        edge = variance / (variance + 0.01)
        surroundings = cv2.blur(edge, window) * luma + cv2.blur(mean * (1 - edge), window)
        room = np.minimum(1, 4 * np.clip(np.minimum(luma, 1 - luma), 0, 1))
        lift: Array = (luma - surroundings) * room * (self.params.contrast * peak)
        return lift


def gains(colours: Array, strength: float) -> Array:
    """Find red, green and blue gains that make the film's light grey, and leave its brightness as it is.

    The light is the colour around which most mid-tones lie, those far from it counting less; it is found in a few
    rounds, from grey on. Without mid-tones, and in black and white, the gains are 1.
    """
    import numpy as np

    octaves = (np.arange(BINS) - OCTAVE) / OCTAVE
    red, blue = octaves[:, None], octaves[None, :]
    cast = np.zeros(3)
    if not colours.any():
        return 1 + cast
    for _ in range(8):
        weights = colours / (1 + ((red - cast[0]) ** 2 + (blue - cast[2]) ** 2) / COLOURFUL**2)
        cast = np.array([(weights * red).sum(), 0, (weights * blue).sum()]) / weights.sum()
    believed = strength / (1 + float(np.hypot(cast[0], cast[2]) / SUNSET) ** 4)
    light, found = 2.0**cast, 2 ** (-believed * cast)
    return np.asarray(found * (light @ LUMA) / ((light * found) @ LUMA))


def curve(level: Array, gain: float) -> Array:
    """Apply a gain, of 1 and less as well as more, that keeps black black and white white."""
    import numpy as np

    if gain == 1:
        return level
    knee = KNEE / max(1.0, gain)
    rise = (1 - gain * knee) / (1 - knee)
    part = np.clip((level - knee) / (1 - knee), 0, 1)
    bent = gain * knee + (1 - knee) * (gain * part + (rise - gain) * part * part * (2 - part))
    return np.where(level <= knee, gain * level, bent)
