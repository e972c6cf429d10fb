"""The film's pictures in order: scenes, dissolves, fades, grain, and each frame's number written into it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from media_ops.demo_source.canvas import Canvas, Plane
from media_ops.demo_source.shots import Shot, Stage, make_shot
from media_ops.demo_source.timeline import Scene

_GRAIN = 5  # mean of the grain plate; taken off again


def pictures(scenes: list[Scene], width: int, height: int, rate: int) -> Iterator[Canvas]:
    """Yield every frame; one and the same canvas each time, so copy what you keep."""
    canvas, under = Canvas(width, height), Canvas(width, height)
    grain = _plate(width, height)
    before: Shot | None = None
    for number, scene in enumerate(scenes):
        rng = np.random.default_rng([scene.seed, 1])
        shot = make_shot(scene.location, rng, Stage(width, height, scene.length, rate))
        for n in range(scene.length):
            shot.draw(canvas, n)
            if before is not None and n < scene.dissolve:
                before.draw(under, scenes[number - 1].length + n)
                _mix(canvas, under, (n + 1) / (scene.dissolve + 1))
            _fade(canvas, min(_ramp(n, scene.fade_in), _ramp(scene.length - 1 - n, scene.fade_out)))
            if scene.location != "title":
                _add_grain(canvas, grain, rng)
            _write_number(canvas, scene.start + n, rate)
            yield canvas
        before = shot


def timecode(frame: int, rate: int) -> str:
    """Give `HH:MM:SS:FF` and the frame's number."""
    seconds, rest = divmod(frame, rate)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}  {frame:06}"


def _ramp(distance: int, length: int) -> float:
    return min(1.0, distance / length) if length else 1.0


def _mix(canvas: Canvas, under: Canvas, share: float) -> None:
    import cv2

    cv2.addWeighted(canvas.buffer, share, under.buffer, 1 - share, 0, canvas.buffer)


def _fade(canvas: Canvas, light: float) -> None:
    import cv2

    if light < 1:
        cv2.convertScaleAbs(canvas.y, canvas.y, light, 16 * (1 - light))
        for plane in (canvas.cb, canvas.cr):
            cv2.convertScaleAbs(plane, plane, light, 128 * (1 - light))


def _plate(width: int, height: int) -> Plane:
    noise = np.random.default_rng(0).normal(_GRAIN, 1.3, (height + 64, width + 64))
    return np.clip(np.rint(noise), 0, 2 * _GRAIN).astype(np.uint8)


def _add_grain(canvas: Canvas, plate: Plane, rng: np.random.Generator) -> None:
    import cv2

    top, left = (int(place) for place in rng.integers(0, 64, 2))
    cv2.add(canvas.y, plate[top : top + canvas.height, left : left + canvas.width], canvas.y)
    cv2.subtract(canvas.y, np.array([_GRAIN], np.float64), canvas.y)


def _write_number(canvas: Canvas, frame: int, rate: int) -> None:
    tall = canvas.height / 32
    top, left = round(canvas.height - 2.6 * tall) // 2 * 2, round(tall) // 2 * 2
    bottom, right = top + round(2 * tall) // 2 * 2, left + round(17 * tall) // 2 * 2
    canvas.y[top:bottom, left:right] = 24
    for plane in (canvas.cb, canvas.cr):
        plane[top // 2 : bottom // 2, left // 2 : right // 2] = 128
    canvas.text(timecode(frame, rate), left + 0.5 * tall, bottom - 0.5 * tall, tall, (225, 128, 128))
