"""HDR10 static metadata: the mastering display and the content's light level."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.sidedata.sidedata import Type

# Of AVMasteringDisplayMetadata: red, green, blue, white (x, y each), least and most luminance, what is set.
_DISPLAY = struct.Struct("<20i2i")
_MOST_CHROMA = 50000
# AV1 counts the most luminance in 1/256 cd/m2 (6.7.4): half of one is 19.5 of our units.
_AV1_MOST = 20


@dataclass(frozen=True)
class Light:
    """Integers as H.265 (D.2.28, D.2.35) and MP4 hold them; empty where the stream says nothing.

    `display`: x and y of green, blue, red and white in 1/50000, most and least luminance in 1/10000 cd/m2.
    `content`: MaxCLL and MaxFALL in cd/m2.
    """

    display: tuple[int, ...] = ()
    content: tuple[int, ...] = ()

    def near(self, other: Light, slack: int) -> bool:
        """Whether every number is that of `other`, give or take `slack` roundings of AV1 in the display's."""
        limits = [slack] * 8 + [slack * _AV1_MOST, slack]
        return (
            self.content == other.content
            and len(self.display) == len(other.display)
            and all(abs(a - b) <= most for a, b, most in zip(self.display, other.display, limits, strict=False))
        )


NO_LIGHT = Light()


def light_of(side_data: dict[Type, Any]) -> Light:
    """Read what a decoded frame's side data say; what is described by halves, or impossible, is not."""
    display: tuple[int, ...] = ()
    content: tuple[int, ...] = ()
    if (data := side_data.get(Type.MASTERING_DISPLAY_METADATA)) is not None:
        numbers = _DISPLAY.unpack(bytes(data)[: _DISPLAY.size])
        if all(numbers[1:20:2]):  # whether FFmpeg finds the numbers likely, in the last two, is no matter
            ratios = [Fraction(a, b) for a, b in zip(numbers[0:20:2], numbers[1:20:2], strict=True)]
            red, green, blue, white = ratios[0:2], ratios[2:4], ratios[4:6], ratios[6:8]
            least, most = ratios[8:10]
            chroma = [round(50000 * value) for value in (*green, *blue, *red, *white)]
            luminance = [round(10000 * most), round(10000 * least)]
            if max(chroma) <= _MOST_CHROMA and min(*chroma, *luminance) >= 0 and luminance[0] > luminance[1]:
                display = (*chroma, *luminance)
    if (data := side_data.get(Type.CONTENT_LIGHT_LEVEL)) is not None:
        content = struct.unpack("<2I", bytes(data)[:8])
    return Light(display, content if any(content) and max(content) < 1 << 16 else ())
