"""Whether a frame of one film and a frame of another are shown at the same time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

Heard = Callable[[], list[Fraction | None]]


class Timed(Protocol):
    """A film in a container, with a clock."""

    @property
    def container(self) -> str:
        """FFmpeg's name of the format."""

    @property
    def time_base(self) -> Fraction:
        """One tick of its clock, in seconds."""


def moved_by_container(first: Fraction, second: Fraction, container: str, sounds: Heard) -> Fraction:
    """Say by how much a film in `container` may have been moved: MP4 and MOV show nothing that lies below 0.

    `first` is the time at which its source begins, `second` its own; `sounds` gives where the sound of the source
    starts, and is asked only where that counts.
    """
    moved = second - first
    if moved <= 0 or "mp4" not in container:
        return Fraction(0)
    earliest = min([first, *(start for start in sounds() if start is not None)])
    return moved if earliest < 0 else Fraction(0)


class Clock:
    """Compares times; where a film is Matroska, after rounding to what that can hold: milliseconds.

    `ticks` is the coarsest clock of Matroska among the films, None without one.
    """

    def __init__(self, *films: Timed) -> None:
        clocks = [film.time_base for film in films if "matroska" in film.container]
        self.ticks = max(clocks) if clocks else None

    def same(self, one: Fraction, other: Fraction) -> bool:
        """Whether two times in seconds are the same."""
        return one == other if self.ticks is None else rounded(one / self.ticks) == rounded(other / self.ticks)


def rounded(ticks: Fraction) -> int:
    """Round as FFmpeg does: to the nearest, halves away from 0."""
    whole = int(abs(ticks) + Fraction(1, 2))
    return whole if ticks >= 0 else -whole
