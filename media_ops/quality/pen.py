"""A pen whose lines are smooth: Pillow's have steps, so all is drawn larger and made smaller at the end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_SMOOTH = 2


class Sheet:
    """A white picture of a size, with a pen for it that counts in pixels of the finished picture."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self._size = width, height
        self._picture = Image.new("RGB", (width * _SMOOTH, height * _SMOOTH), "white")
        self.pen = Pen(ImageDraw.Draw(self._picture))

    def finished(self) -> Image.Image:
        """Give the picture."""
        from PIL import Image

        return self._picture.resize(self._size, Image.Resampling.LANCZOS)


class Pen:
    """Draws lines, areas, rings and text."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def line(self, points: Sequence[tuple[float, float]], ink: str, width: float = 1) -> None:
        """Draw through points."""
        self._draw.line([_large(point) for point in points], ink, max(1, round(width * _SMOOTH)), joint="curve")

    def dashed(self, x: float, top: float, bottom: float, ink: str) -> None:
        """Draw down, dashed."""
        y = top
        while y < bottom:
            self.line(((x, y), (x, min(y + 6, bottom))), ink, 1.5)
            y += 11

    def level(self, y: float, ends: tuple[float, float], ink: str, width: float = 1, dash: float = 0) -> None:
        """Draw from one end to the other, at this height; with dashes of a length, or without."""
        x, end = ends
        step = dash or end - x
        while x < end:
            self.line(((x, y), (min(x + step, end), y)), ink, width)
            x += 2 * step

    def area(self, points: Sequence[tuple[float, float]], ink: str) -> None:
        """Fill what points surround."""
        self._draw.polygon([_large(point) for point in points], ink)

    def ring(self, at: tuple[float, float], radius: float, ink: str) -> None:
        """Draw a circle."""
        (x, y), r = _large(at), radius * _SMOOTH
        self._draw.ellipse((x - r, y - r, x + r, y + r), outline=ink, width=2 * _SMOOTH)

    def text(self, at: tuple[float, float], text: str, ink: str, size: int, anchor: str = "la") -> None:
        """Write at a place, which Pillow's anchor says more of."""
        self._draw.text(_large(at), text, ink, _font(size * _SMOOTH), anchor=anchor)


def fitting(text: str, size: int, room: float) -> str:
    """Shorten a text to so many pixels; what the font may lack is shown as a question mark."""
    text = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "...", size) > room:
        text = text[:-1]
    return text + "..."


def width_of(text: str, size: int) -> float:
    """Give the width that a text will have."""
    return float(_font(size * _SMOOTH).getlength(text)) / _SMOOTH


@cache
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _large(point: tuple[float, float]) -> tuple[float, float]:
    return point[0] * _SMOOTH, point[1] * _SMOOTH
