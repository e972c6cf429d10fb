"""Text as pixels: several lines, any script, an edge around it where wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from media_ops.drawing.font import open_font, require_glyphs
from media_ops.drawing.place import Align

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

# Of the em. At 0.06 white letters of 12 pixels can be read on white ground.
_EDGE = 0.06


@dataclass(frozen=True)
class Letters:
    """A text set at `em` pixels; `width` and `height` are known before a pixel is drawn.

    `color` is red, green and blue from 0 to 1. The edge is black around light letters, white around dark ones.
    """

    text: str
    font_file: bytes
    em: int
    color: tuple[float, float, float]
    edged: bool
    align: Align = "left"

    @cached_property
    def _font(self) -> FreeTypeFont:
        font = open_font(self.font_file, self.em)
        require_glyphs(self.font_file, self.text)
        return font

    @cached_property
    def _edge(self) -> float:
        return max(1.0, _EDGE * self.em) if self.edged else 0.0

    @cached_property
    def line_height(self) -> int:
        """Distance of two baselines, as the font wants it."""
        return sum(self._font.getmetrics())

    @cached_property
    def lines(self) -> list[tuple[str, int, int]]:
        """Each line with the place of its origin on the baseline; nothing lies left of 0 or above it."""
        boxes = self._boxes
        rows = [row * self.line_height for row in range(len(boxes))]
        top = min((row + box[1] for row, box in zip(rows, boxes, strict=True) if box[3] > box[1]), default=0)
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[self.align]
        placed = []
        for text, row, box in zip(self.text.split("\n"), rows, boxes, strict=True):
            indent = math.floor((self.width - (box[2] - box[0])) * share)
            placed.append((text, indent - box[0], row - top))
        return placed

    @cached_property
    def width(self) -> int:
        """Columns of the widest line."""
        return max(box[2] - box[0] for box in self._boxes)

    @cached_property
    def height(self) -> int:
        """Rows from the highest to the lowest mark of ink."""
        return max(y + box[3] for (_, _, y), box in zip(self.lines, self._boxes, strict=True))

    @cached_property
    def _boxes(self) -> list[tuple[int, int, int, int]]:
        found = []
        for line in self.text.split("\n"):
            left, top, right, bottom = self._font.getbbox(line, anchor="ls", stroke_width=self._edge)
            found.append((math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)))
        return found

    def draw(self) -> NDArray[np.float32]:
        """Give [height, width, 4]: red, green and blue, each multiplied by alpha, and alpha."""
        ink = self._mask(0.0)
        ground = self._mask(self._edge) * (1 - ink) if self.edged else np.zeros_like(ink)
        light = float(np.dot(self.color, (0.2126, 0.7152, 0.0722)))
        drawn = np.empty((*ink.shape, 4), np.float32)
        for channel, value in enumerate(self.color):
            drawn[..., channel] = ink * np.float32(value) + ground * np.float32(light < 0.5)
        drawn[..., 3] = ink + ground
        return drawn

    def _mask(self, edge: float) -> Any:
        from PIL import Image, ImageDraw

        image = Image.new("L", (self.width, self.height))
        canvas = ImageDraw.Draw(image)
        for line, x, y in self.lines:
            canvas.text((x, y), line, fill=255, font=self._font, anchor="ls", stroke_width=edge)
        return np.asarray(image, np.float32) / np.float32(255)
