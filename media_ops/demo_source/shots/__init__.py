"""What is to be seen: one file per location."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from media_ops.demo_source.canvas import Canvas


class Stage(NamedTuple):
    """Size of the frame in pixels, length of the scene in frames, frames per second."""

    width: int
    height: int
    length: int
    rate: int


class Shot(Protocol):
    """A location made ready for one scene: what is dear is painted once, `draw` takes 1 to 4 ms."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None: ...

    def draw(self, canvas: Canvas, n: int) -> None:
        """Paint the whole frame `n` of the scene; `n` may exceed its length while the next one fades in."""


def make_shot(location: str, rng: np.random.Generator, stage: Stage) -> Shot:
    """Build the shot of that location."""
    from media_ops.demo_source.shots.aerial import Aerial
    from media_ops.demo_source.shots.city import City
    from media_ops.demo_source.shots.clock import Clock
    from media_ops.demo_source.shots.lights import Lights
    from media_ops.demo_source.shots.mountains import Mountains
    from media_ops.demo_source.shots.sea import Sea
    from media_ops.demo_source.shots.title import Title

    shots: dict[str, type[Shot]] = {
        "aerial": Aerial,
        "city": City,
        "clock": Clock,
        "lights": Lights,
        "mountains": Mountains,
        "sea": Sea,
        "title": Title,
    }
    return shots[location](rng, stage)
