"""A logo, a text or both, drawn into the picture."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import Field, ValidationInfo, field_validator

from media_ops.algorithm import FrameAlgorithm, FrameParams, InputFile
from media_ops.drawing.place import PATTERN, PLACES
from media_ops.drawing.refusal import CannotDraw
from media_ops.drawing.wording import plain
from media_ops.errors import ParamsInvalid, ToolMissing
from media_ops.frame import Film, Planes, Window

if TYPE_CHECKING:
    from media_ops.drawing.overlay import Overlay
    from media_ops.frame import Picture


class Watermark(FrameAlgorithm):
    """Put a logo or a text into the picture.

    At a place of the picture as it is shown, in the colours of its file, for all of the film or a part of it. Nothing
    but the pixels below it is touched. Text may have several lines and any script that the font has.
    """

    version = "1.0.0"
    frames = Planes()
    inputs = ("image",)
    examples = (
        {"text": "media-ops 水印", "size": 10},
        {"text": "from 0.5 s to 1.5 s\n%{pts} 'as it is'", "position": "top-left", "start": 0.5, "end": 1.5},
    )
    cpu_seconds_per_megapixel = 0.002

    class Params(FrameParams):
        image: InputFile | None = Field(
            None,
            title="Logo",
            description="A still PNG, JPEG, WebP, GIF, BMP or TIFF image; its transparency is kept.",
        )
        text: str | None = Field(
            None,
            max_length=1000,
            validate_default=True,
            title="Text",
            description="Drawn as it is; a line break begins a new line. With a logo, it stands to the right of it.",
        )
        position: str = Field(
            "bottom-right",
            pattern=PATTERN,
            title="Position",
            description="One of nine places, or `x,y`: left column and top row, in pixels of the picture as shown.",
            json_schema_extra={"examples": list(PLACES)},
        )
        margin: float = Field(
            3,
            ge=0,
            le=50,
            title="Margin",
            description="Distance from the border at one of the nine places, in percent of the shorter side.",
        )
        size: float = Field(
            6,
            gt=0,
            le=100,
            title="Size",
            description="Height of a line of text, or of a logo alone, in percent of the shorter side; beside "
            "text, a logo is as high as its lines.",
        )
        font: InputFile | None = Field(
            None,
            title="Font",
            description="A TTF, OTF or TTC font file. Empty: one that draws Chinese, Japanese, Korean, Latin, Greek "
            "and Cyrillic.",
        )
        color: str = Field(
            "#ffffff",
            pattern="^#[0-9a-fA-F]{6}$",
            title="Text color",
            description="Red, green and blue in hexadecimal.",
        )
        outline: bool = Field(
            True, title="Outline", description="A thin dark or light edge, so that text can be read on any ground."
        )
        opacity: float = Field(
            0.8, gt=0, le=1, title="Opacity", description="1 hides what is below; it multiplies a logo's own."
        )
        start: float = Field(
            0, ge=0, le=1e6, title="Start", description="Seconds from the film's beginning at which it appears."
        )
        end: float | None = Field(
            None,
            gt=0,
            le=1e6,
            title="End",
            description="Seconds from the film's beginning at which it is gone. Empty: it stays.",
        )

        @field_validator("text")
        @classmethod
        def _is_plain(cls, text: str | None, info: ValidationInfo) -> str | None:
            if not text and info.data.get("image") is None and "image" in info.data:
                raise ValueError("give a text, a logo (image), or both")
            return plain(text) if text else None

        @field_validator("end")
        @classmethod
        def _is_behind_start(cls, end: float | None, info: ValidationInfo) -> float | None:
            if end is not None and end <= info.data.get("start", 0):
                raise ValueError("it must be later than start")
            return end

    def default_files(self) -> Mapping[str, str]:
        from media_ops.settings import Settings

        return {"font": Settings().font} if self.params.text and not self.params.font else {}

    def check(self, film: Film) -> None:
        from media_ops.drawing.colour import require_graphics

        require_graphics(film)
        if _exactly(self.params.start) >= film.duration:
            raise self._refused(f"parameter start: the film ends at {float(film.duration):g} s")
        self._overlay(film)

    def setup(self, film: Film) -> None:
        from media_ops.drawing.overlay import coded
        from media_ops.drawing.stamp import make_stamp

        self.stamp = make_stamp(coded(self._overlay(film), film), film)
        self.start = _exactly(self.params.start)
        self.end = None if self.params.end is None else _exactly(self.params.end)

    def process(self, window: Window) -> Picture:
        if window.time < self.start or (self.end is not None and window.time >= self.end):
            return window.picture
        return self.stamp.on(window.picture)

    def _overlay(self, film: Film) -> Overlay:
        from media_ops.drawing.mark import Mark

        wish, font = self.params, film.files.get("font")
        if wish.text and font is None:
            raise ToolMissing(
                f"{self.name()}: parameter font: none is given, and the font of text that names none "
                f"({', '.join(self.default_files().values())}) is missing; `make setup` installs it"
            )
        mark = Mark(
            wish.text, font, film.files.get("image"), wish.size, wish.color, wish.outline, wish.position, wish.margin
        )
        try:
            return mark.drawn(film.shown_size, wish.opacity)
        except CannotDraw as error:
            raise self._refused(str(error)) from error

    def _refused(self, reason: str) -> ParamsInvalid:
        return ParamsInvalid(f"{self.name()}: {reason}")


def _exactly(seconds: float) -> Fraction:
    """Give the number that was typed: 0.1 is a tenth, not the binary fraction next to it."""
    return Fraction(str(seconds))
