"""A source's facts as algorithms are told them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from av.video.format import VideoFormat

from media_ops.frame import Film
from media_ops.frames.arrays import planes_of
from media_ops.frames.colour import is_full
from media_ops.frames.index import Facts
from media_ops.frames.names import colour_names

if TYPE_CHECKING:
    from media_ops.frame import Artefact

_RIGHT_ANGLES: tuple[Literal[0, 90, 180, 270], ...] = (0, 90, 180, 270)


def film(
    facts: Facts,
    frames: int,
    duration: Fraction,
    files: Mapping[str, bytes] | None = None,
    artefact: Artefact | None = None,
) -> Film:
    """Describe the film whose working frames have these facts (`Pictures.facts`)."""
    form = VideoFormat(facts.pixel_format, 16, 16)
    primaries, transfer, matrix, _ = colour_names(facts.colour)
    rotation, mirrored = turn(facts.display_matrix)
    return Film(
        width=facts.width,
        height=facts.height,
        frames=frames,
        duration=duration,
        rate=facts.rate,
        depth=form.components[0].bits,
        planes=3 if form.is_rgb else planes_of(facts.pixel_format),
        subsampling=(16 // form.chroma_width(16), 16 // form.chroma_height(16)),
        chroma_location=facts.chroma_location or "",
        full_range=is_full(facts),
        matrix=matrix or "",
        transfer=transfer or "",
        primaries=primaries or "",
        sample_aspect_ratio=facts.sample_aspect_ratio or Fraction(1),
        rotation=rotation,
        mirrored=mirrored,
        interlaced=facts.interlaced,
        files=dict(files or {}),
        artefact=dict(artefact or {}),
    )


def turn(display_matrix: tuple[int, ...] | None) -> tuple[Literal[0, 90, 180, 270], bool]:
    """Give the degrees clockwise, to the nearest right angle, and whether the picture is mirrored before.

    The matrix (ISO/IEC 14496-12, 6.2.2) takes a point to the right to (a, b) and one below to (c, d); where their
    order is reversed, a mirror of the first explains it.
    """
    if not display_matrix:
        return 0, False
    a, b, _, c, d = display_matrix[:5]
    mirrored = a * d - b * c < 0
    right, down = (-a, -b) if mirrored else (a, b)
    if not (right or down):
        return 0, False
    return _RIGHT_ANGLES[round(math.degrees(math.atan2(down, right)) / 90) % 4], mirrored
