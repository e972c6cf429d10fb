"""Which scene is on the screen when."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

LOCATIONS = ("mountains", "clock", "aerial", "sea", "city", "lights")


class Scene(NamedTuple):
    """One uninterrupted shot; positions are frame numbers of the film, lengths are in frames."""

    location: str
    seed: int
    start: int
    length: int
    dissolve: int
    """Over how many of its first frames the scene before still shines through; 0 is a hard cut."""
    fade_in: int
    fade_out: int
    keys: tuple[int, ...]
    """Frames of this scene that the encoder makes key frames: the cut, and a few more at odd distances."""


def plan_scenes(frames: int, rate: int, seed: int) -> list[Scene]:
    """Fill the film with scenes of 4 to 25 s, shorter ones where it has less than about a minute and a half."""
    rng = np.random.default_rng([seed, 0])
    lengths = _lengths(rng, frames, rate)
    starts = [0, *itertools.accumulate(lengths)]
    locations = itertools.chain(["title"], itertools.cycle(LOCATIONS))
    scenes = []
    for number, (location, start, length) in enumerate(zip(locations, starts, lengths, strict=False)):
        last = number == len(lengths) - 1
        blend = min(rate * 2 // 3, length // 3)
        dissolves = number % 4 == 2
        scenes.append(
            Scene(
                location=location,
                seed=seed + number,
                start=start,
                length=length,
                dissolve=blend if dissolves else 0,
                fade_in=blend if number == 0 or number % 6 == 5 else 0,
                fade_out=blend if last or number % 6 == 4 else 0,
                keys=_keys(rng, start, length, rate),
            )
        )
    return scenes


def _lengths(rng: np.random.Generator, frames: int, rate: int) -> list[int]:
    longest = max(2, min(25 * rate, frames // 4))
    shortest = max(1, min(4 * rate, longest // 2))
    lengths = [min(5 * rate, frames // 4)] if longest < frames else []  # the title
    left = frames - sum(lengths)
    while left > longest:
        room = left - shortest
        lengths.append(min(int(rng.integers(shortest, longest + 1)), room))
        left -= lengths[-1]
    return [*lengths, left]


def _keys(rng: np.random.Generator, start: int, length: int, rate: int) -> tuple[int, ...]:
    keys = [start]
    while (key := keys[-1] + int(rng.integers(rate, 8 * rate))) < start + length - rate // 2:
        keys.append(key)
    return tuple(keys)
