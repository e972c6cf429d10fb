"""A watermark: a logo, a text, or the logo with the text to its right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from media_ops.drawing.logo import open_logo, scaled
from media_ops.drawing.overlay import Overlay, beside
from media_ops.drawing.place import alignment, place
from media_ops.drawing.refusal import CannotDraw
from media_ops.drawing.text import Letters

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Mark:
    """What is to be drawn; `size` and `margin` are percent of the shorter side of what is shown."""

    text: str | None
    font_file: bytes | None
    logo_file: bytes | None
    size: float
    color: str
    edged: bool
    position: str
    margin: float

    def drawn(self, frame: tuple[int, int], opacity: float) -> Overlay:
        """Draw it for a picture of so many columns and rows; raises `CannotDraw` naming the parameter."""
        part = self._pixels(frame) * np.float32(opacity)
        if not part[..., 3].any():
            raise CannotDraw("text" if self.text else "image", "nothing of it can be seen")
        size = part.shape[1], part.shape[0]
        return Overlay(part, *place(self.position, size, frame, round(self.margin / 100 * min(frame))))

    def _pixels(self, frame: tuple[int, int]) -> NDArray[np.float32]:
        em = max(1, round(self.size / 100 * min(frame)))
        letters = self._letters(em) if self.text and self.font_file is not None else None
        text_size = (letters.width, letters.height) if letters else (0, 0)
        if not letters or self.logo_file is None:
            logo_size = self._logo_size(em) if self.logo_file is not None else (0, 0)
            _require_room(text_size if letters else logo_size, frame, "text" if letters else "size")
            return letters.draw() if letters else scaled(self._logo, *logo_size)
        logo_size = self._logo_size(letters.line_height * len(letters.lines))
        gap = em // 2
        whole = logo_size[0] + gap + text_size[0], max(logo_size[1], text_size[1])
        _require_room(whole, frame, "size")
        return beside(scaled(self._logo, *logo_size), letters.draw(), gap)

    def _letters(self, em: int) -> Letters:
        red, green, blue = (int(self.color[at : at + 2], 16) / 255 for at in (1, 3, 5))
        align = "left" if self.logo_file is not None else alignment(self.position)
        return Letters(self.text or "", self.font_file or b"", em, (red, green, blue), self.edged, align)

    def _logo_size(self, height: int) -> tuple[int, int]:
        return max(1, round(self._logo.width * height / self._logo.height)), height

    @cached_property
    def _logo(self) -> Image:
        return open_logo(self.logo_file or b"")


def _require_room(size: tuple[int, int], frame: tuple[int, int], parameter: str) -> None:
    if min(size) < 1:
        raise CannotDraw(parameter, "nothing of it can be seen")
    if size[0] > frame[0] or size[1] > frame[1]:
        raise CannotDraw(
            parameter,
            f"it would take {size[0]}x{size[1]} pixels, and the picture has {frame[0]}x{frame[1]}; "
            "choose a smaller size or break the text into lines",
        )
