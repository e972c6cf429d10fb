"""Whether a frame of one film and a frame of another are shown at the same time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from media_ops.frames.film import Film

Heard = Callable[[], list[Fraction | None]]


def moved_by_container(first: Film, second: Film, sounds: Heard) -> Fraction:
    """Say by how much all of `second` may have been moved: MP4 and MOV show nothing that lies below 0.

    `sounds` gives where the sound of `first` starts; it is asked only where that counts.
    """
    if not first.times or not second.times:
        return Fraction(0)
    moved = second.times[0] - first.times[0]
    if moved <= 0 or "mp4" not in second.container:
        return Fraction(0)
    earliest = min([first.times[0], *(start for start in sounds() if start is not None)])
    return moved if moved > 0 > earliest else Fraction(0)


class Clock:
    """Compares times; where a film is Matroska, after rounding to what that can hold: milliseconds.

    `ticks` is the coarsest clock of Matroska among the films, None without one.
    """

    def __init__(self, *films: Film) -> None:
        clocks = [film.time_base for film in films if "matroska" in film.container]
        self.ticks = max(clocks) if clocks else None

    def same(self, one: Fraction, other: Fraction) -> bool:
        """Whether two times in seconds are the same."""
        return one == other if self.ticks is None else rounded(one / self.ticks) == rounded(other / self.ticks)


def rounded(ticks: Fraction) -> int:
    """Round as FFmpeg does: to the nearest, halves away from 0."""
    whole = int(abs(ticks) + Fraction(1, 2))
    return whole if ticks >= 0 else -whole
