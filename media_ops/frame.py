"""What a frame algorithm is given: the film it works on, and a window of frames as numpy arrays.

A *picture* is what an algorithm asked for by its `frames`:

    Rgb(bits=8)     one array [height, width, 3] of uint8, red first, full range
    Rgb(bits=16)    the same of uint16, 0 to 65535
    Rgb()           8 bits for sources of 8, 16 for deeper ones
    Luma()          one array [height, width]; chroma and alpha of the source pass by untouched
    Planes()        a tuple of arrays: Y, or Y, U and V, each of its own size; alpha passes by untouched

Luma and planes are the source's own code values: uint8, or uint16 up to 2**depth - 1, limited or full range as
`Film.full_range` says. Nothing is converted on the way; only packed, palette and RGB sources become planar YUV first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

Picture = Any
# Named arrays of numbers or text.
Artefact = Mapping[str, Any]


@dataclass(frozen=True)
class Rgb:
    """Red, green and blue, interleaved; the matrix and range of the film are undone exactly."""

    bits: Literal[8, 16] | None = None


@dataclass(frozen=True)
class Luma:
    """Luma alone."""


@dataclass(frozen=True)
class Planes:
    """The source's own planes."""


Format = Rgb | Luma | Planes


@dataclass(frozen=True)
class Film:
    """The whole source, as far as it is known before the first frame.

    Sizes are those of coded pictures: a player stretches them by `sample_aspect_ratio`, mirrors them left to right if
    `mirrored`, and then turns them by `rotation` degrees clockwise. `depth` counts bits of a code value in planes,
    `planes` is 1 where there is luma alone, `subsampling` is how many luma columns and lines share a chroma sample,
    `chroma_location` where it lies there; it, `matrix`, `transfer` and `primaries` are FFmpeg's names, "" where the
    source is silent. `files` holds the bytes of parameters that name a file, `artefact` what `analyse` found.
    """

    width: int
    height: int
    frames: int
    duration: Fraction
    rate: Fraction
    depth: int = 8
    planes: int = 3
    subsampling: tuple[int, int] = (2, 2)
    chroma_location: str = ""
    full_range: bool = False
    matrix: str = ""
    transfer: str = ""
    primaries: str = ""
    sample_aspect_ratio: Fraction = Fraction(1)
    rotation: Literal[0, 90, 180, 270] = 0
    mirrored: bool = False
    interlaced: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    artefact: Artefact = field(default_factory=dict, repr=False)

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height as a player shows them, in square pixels: turned, and stretched along the coded width."""
        wide = max(1, round(self.width * self.sample_aspect_ratio))
        return (self.height, wide) if self.rotation in (90, 270) else (wide, self.height)


@dataclass(frozen=True)
class Moment:
    """A picture and its place: `rank` counts frames of the film from 0, `time` is seconds since the first one."""

    rank: int
    time: Fraction
    picture: Any


class Window:
    """The picture in turn and its neighbours. Arrays are read-only: they belong to other windows, too.

    `position` counts the calls of `process` in this segment, warm-up included.
    """

    def __init__(self, moments: Sequence[Moment] | deque[Moment], here: int, position: int) -> None:
        self._moments = moments
        self._here = here
        self.position = position

    @property
    def rank(self) -> int:
        """Number of the frame in the film, from 0."""
        return self._moments[self._here].rank

    @property
    def time(self) -> Fraction:
        """Seconds since the film's first frame."""
        return self._moments[self._here].time

    @property
    def picture(self) -> Any:
        """The picture in turn."""
        return self._moments[self._here].picture

    @property
    def offsets(self) -> range:
        """Neighbours that there are, such as range(-2, 3); fewer at the ends of the film."""
        return range(-self._here, len(self._moments) - self._here)

    def __getitem__(self, offset: int) -> Any:
        """Give the picture so many frames away; beyond an end of the film its last one stands in."""
        place = min(max(self._here + offset, 0), len(self._moments) - 1)
        return self._moments[place].picture
