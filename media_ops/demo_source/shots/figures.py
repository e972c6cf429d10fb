"""Things that move through the scenes."""

from __future__ import annotations

import numpy as np

from media_ops.demo_source.canvas import Canvas, colour

_DARK = colour(0.07, 0.07, 0.09)
_STRIPES = (colour(0.85, 0.18, 0.16), colour(0.95, 0.85, 0.62), colour(0.85, 0.18, 0.16), colour(0.98, 0.72, 0.25))


def bird(canvas: Canvas, x: float, y: float, span: float, beat: float) -> None:
    """Draw a bird, its wings at phase `beat`."""
    lift = span * 0.45 * np.sin(beat)
    wing = [
        (x - span, y - lift),
        (x - span * 0.4, y - span * 0.2 - lift * 0.2),
        (x, y),
        (x + span * 0.4, y - span * 0.2 - lift * 0.2),
    ]
    canvas.line([*wing, (x + span, y - lift)], _DARK, max(1, span / 5))


def balloon(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Draw a striped hot-air balloon."""
    turn = np.linspace(0, np.pi, 24)
    for number, paint in enumerate(_STRIPES):
        wide = radius * (1 - number * 0.27)
        left = x - wide * np.sin(turn) * (0.9 + 0.1 * np.cos(turn))
        right = x + wide * np.sin(turn) * (0.9 + 0.1 * np.cos(turn))
        down = y - radius * 1.1 * np.cos(turn)
        canvas.polygon(np.concatenate([np.stack([left, down], 1), np.stack([right, down], 1)[::-1]]), paint)
    low = y + radius * 1.05
    for side in (-1, 1):
        canvas.line(
            [(x + side * radius * 0.3, low - radius * 0.1), (x + side * radius * 0.16, low + radius * 0.4)], _DARK
        )
    basket = radius * 0.18
    corners = [(x - basket, low + radius * 0.4), (x + basket, low + radius * 0.4)]
    canvas.polygon(
        [*corners, (x + basket * 0.8, low + radius * 0.7), (x - basket * 0.8, low + radius * 0.7)],
        colour(0.4, 0.26, 0.13),
    )


def aeroplane(canvas: Canvas, x: float, y: float, size: float, heading: float, shade: float = 1) -> None:
    """Draw an aeroplane from above; `shade` 0 makes it a shadow."""
    half = np.array([(1, 0), (0.82, 0.09), (0.3, 0.1), (-0.12, 0.92), (-0.34, 0.92), (-0.12, 0.1)])
    half = np.concatenate([half, [(-0.68, 0.07), (-0.86, 0.34), (-0.98, 0.34), (-0.9, 0)]])
    outline = np.concatenate([half, half[::-1] * (1, -1)]) * size
    turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
    canvas.polygon(outline @ turn + (x, y), colour(0.06 + 0.88 * shade, 0.07 + 0.87 * shade, 0.07 + 0.87 * shade))
    if shade:
        stripe = np.array([(0.7, 0.03), (-0.8, 0.03), (-0.8, -0.03), (0.7, -0.03)]) * size
        canvas.polygon(stripe @ turn + (x, y), colour(0.8, 0.15, 0.1))


def boat(canvas: Canvas, x: float, y: float, size: float, roll: float) -> None:
    """Draw a sailing boat, heeled over by `roll` radians."""
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    parts = (
        ([(-0.7, 0), (0.8, 0), (0.55, 0.24), (-0.55, 0.24)], colour(0.32, 0.16, 0.1)),
        ([(0.0, -0.08), (0.0, -1.7), (-0.62, -0.12)], colour(0.96, 0.94, 0.88)),
        ([(0.06, -0.12), (0.06, -1.45), (0.7, -0.14)], colour(0.9, 0.42, 0.3)),
        ([(-0.02, 0), (-0.02, -1.8), (0.05, -1.8), (0.05, 0)], colour(0.2, 0.13, 0.1)),
    )
    for corners, paint in parts:
        canvas.polygon(np.array(corners) * size @ turn + (x, y), paint)


def car(canvas: Canvas, x: float, y: float, size: float, direction: int, body: float) -> None:
    """Draw a car at night, seen from the side: a dark body, its lamps on."""
    outline = np.array(
        [(-1, 0), (-1, -0.28), (-0.62, -0.34), (-0.36, -0.62), (0.34, -0.62), (0.62, -0.32), (1, -0.26), (1, 0)]
    )
    canvas.polygon(outline * (direction * size, size) + (x, y), colour(0.1 + 0.3 * body, 0.1, 0.34 - 0.24 * body))
    window = np.array([(-0.5, -0.34), (-0.3, -0.55), (0.28, -0.55), (0.48, -0.33)])
    canvas.polygon(window * (direction * size, size) + (x, y), colour(0.45, 0.42, 0.3))
    for wheel in (-0.58, 0.58):
        canvas.ellipse((x + wheel * size, y), (size * 0.19, size * 0.19), colour(0.02, 0.02, 0.02))
    front, rear = x + direction * size * 0.96, x - direction * size * 0.97
    canvas.ellipse((front, y - size * 0.17), (size * 0.13, size * 0.09), colour(1, 0.97, 0.8))
    canvas.ellipse((rear, y - size * 0.18), (size * 0.08, size * 0.08), colour(0.95, 0.1, 0.08))
