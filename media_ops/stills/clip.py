"""A second and a half of film as a cheap camera gives it: noisy, a little dull, with a colour cast."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from media_ops.demo_source.canvas import Canvas, Plane
from media_ops.demo_source.shots import Stage, make_shot
from media_ops.demo_source.shots.figures import bird

WIDTH, HEIGHT, FRAMES, RATE = 960, 540, 36, 25
# Standard deviations in code values of Y, U and V; what the cast adds to U and V.
_NOISE, _CAST = (9, 4, 4), (-7, 5)


def make_clip(path: Path) -> None:
    """Write the film as FFV1 in Matroska: a landscape from a tripod, birds fly through it."""
    import av

    with av.open(str(path), "w") as film:
        video = film.add_stream("ffv1", rate=RATE, options={"slices": "4", "slicecrc": "1"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
        context.color_range = 1  # limited
        for number, canvas in enumerate(_pictures()):
            frame = av.VideoFrame.from_ndarray(canvas.buffer.reshape(-1, WIDTH), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))


def _pictures() -> Iterator[Canvas]:
    shot = make_shot("mountains", np.random.default_rng([1, 1]), Stage(WIDTH, HEIGHT, FRAMES, RATE))
    canvas, rng = Canvas(WIDTH, HEIGHT), np.random.default_rng(4)
    for number in range(FRAMES):
        shot.draw(canvas, 0)
        for follower in range(3):
            x, y = 5.0 * number + 420 + 70 * follower, 190 + 34 * follower - 1.2 * number
            bird(canvas, x, y, 26, number / 3 + 2 * follower)
        canvas.y[:] = _noisy(20 + 0.84 * (canvas.y.astype(np.float32) - 16), _NOISE[0], rng)
        for plane, noise, cast in zip((canvas.cb, canvas.cr), _NOISE[1:], _CAST, strict=True):
            plane[:] = _noisy(128 + 0.8 * (plane.astype(np.float32) - 128) + cast, noise, rng)
        yield canvas


def _noisy(plane: np.ndarray, sigma: float, rng: np.random.Generator) -> Plane:
    return np.clip(np.rint(plane + rng.normal(0, sigma, plane.shape)), 16, 235).astype(np.uint8)
