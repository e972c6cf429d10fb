"""A picture of a job: a bar for each attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from media_ops.state.shown import Shade, Shown, lanes

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

WIDTH = 1600
MARGIN = 32
HEAD = 104
FOOT = 92
HEIGHT = 1100  # of the rows together
MOST = 36  # rows of an event; with more segments they share rows
TALLEST, LOWEST = 30, 2

_BARS: dict[Shade, str] = {
    "succeeded": "#3f9c6c",
    "reused": "#a9d6bd",
    "running": "#3c7fb4",
    "failed": "#cf4450",
    "lost": "#7a5ba6",
    "cancelled": "#e6a23c",
}
_TEXT, _FAINT, _GRID, _STRIPE = "#22282f", "#6b7480", "#e3e7ec", "#f6f8fa"
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True)
class _Row:
    name: str
    attempts: list[Shown]
    shared: bool = False


def gantt(attempts: Sequence[Shown], title: str, subtitle: str) -> Image.Image:
    """Draw the attempts: a row for each event and segment, or, with very many segments, for each lane of work."""
    from PIL import Image, ImageDraw

    rows = _rows(attempts)
    height = max(LOWEST, min(TALLEST, HEIGHT // max(1, len(rows))))
    picture = Image.new("RGB", (WIDTH, HEAD + height * max(1, len(rows)) + FOOT), "white")
    pen = ImageDraw.Draw(picture)
    left = MARGIN + 12 + max((_width(row.name, 15) for row in rows), default=0)
    began = min((one.trace.started for one in attempts), default=0.0)
    length = max((one.until - began for one in attempts), default=0.0) or 1.0
    scale = (WIDTH - MARGIN - left) / length
    pen.text((MARGIN, 22), _fitting(title, 26, WIDTH - 2 * MARGIN), _TEXT, _font(26))
    pen.text((MARGIN, 60), _fitting(subtitle, 16, WIDTH - 2 * MARGIN), _FAINT, _font(16))
    bottom = HEAD + height * len(rows)
    for number in range(1, len(rows), 2):
        pen.rectangle((MARGIN, HEAD + number * height, WIDTH - MARGIN, HEAD + (number + 1) * height - 1), _STRIPE)
    _axis(pen, left, bottom, length, scale)
    for number, row in enumerate(rows):
        top = HEAD + number * height
        if height >= 13 or number % (13 // height + 1) == 0:
            pen.text((left - 12, top + height / 2), row.name, _TEXT, _font(min(15, max(11, height - 4))), anchor="rm")
        _bars(pen, row, left, top, height, began, scale)
    _legend(pen, {one.shade for one in attempts}, bottom + 56)
    return picture


def _rows(attempts: Sequence[Shown]) -> list[_Row]:
    by_event: dict[str, list[Shown]] = {}
    for one in attempts:
        by_event.setdefault(one.trace.event, []).append(one)
    rows = []
    for event, found in by_event.items():
        orders = sorted({one.trace.order for one in found})
        if len(orders) > MOST:
            shared = lanes(found)
            rows += [_Row(f"{event}, lane {lane}", row, True) for lane, row in enumerate(shared, start=1)]
        else:
            for order in orders:
                row = [one for one in found if one.trace.order == order]
                label = next((one.trace.label for one in row if one.trace.label), "")
                rows.append(_Row(f"{row[0].name}  {label}".strip(), row))
    return rows


def _bars(
    pen: ImageDraw.ImageDraw, row: _Row, left: float, top: float, height: int, began: float, scale: float
) -> None:
    gap = 4 if height >= 20 else 1
    spans = [(left + (one.trace.started - began) * scale, left + (one.until - began) * scale) for one in row.attempts]
    hedged = any(one.trace.hedge for one in row.attempts) and not row.shared
    for number, (one, (start, end)) in enumerate(zip(row.attempts, spans, strict=True)):
        upper, lower = top + gap, top + height - gap
        if hedged:  # two at a time: the copy below
            middle = (upper + lower) / 2
            upper, lower = (middle + 1, lower) if one.trace.hedge else (upper, middle - 1)
        end = max(end, start + 3)
        pen.rounded_rectangle((start, upper, end, lower), 3 if height >= 14 else 0, _BARS[one.shade], "white")
        size = min(14, int(lower - upper) - 3)
        if size >= 9:
            after = min((other for other, _ in spans[number + 1 :] if other >= end), default=WIDTH - MARGIN)
            _words(pen, one, row, (start, end, after, (upper + lower) / 2), size)


def _words(pen: ImageDraw.ImageDraw, one: Shown, row: _Row, at: tuple[float, float, float, float], size: int) -> None:
    """Write the most that there is room for, in the bar or, for a reason, behind it."""
    start, end, after, middle = at
    number = str(one.trace.order) if row.shared else ""
    again = f"try {one.trace.attempt}" if one.trace.attempt > 1 else "copy" if one.trace.hedge else ""
    counted = one.trace.done is not None and one.trace.order >= 0 and not row.shared
    frames = f"{one.trace.done} frames" if counted else ""
    texts = [
        ", ".join(filter(None, parts)) for parts in ((number, again, one.code, frames), (number, again, one.code))
    ]
    texts += [", ".join(filter(None, parts)) for parts in ((number, one.code), (one.code or again,), (number,))]
    for text in texts:
        if text and _width(text, size) + 7 <= end - start:
            ink = _TEXT if one.shade in ("reused", "cancelled") else "white"
            pen.text((start + 4, middle), text, ink, _font(size), anchor="lm")
            return
    outside = ", ".join(filter(None, (again, one.code)))
    if outside and _width(outside, size) + 8 <= after - end:
        pen.text((end + 5, middle), outside, _BARS[one.shade] if one.code else _FAINT, _font(size), anchor="lm")


def _axis(pen: ImageDraw.ImageDraw, left: float, bottom: float, length: float, scale: float) -> None:
    step = next((step for step in _STEPS if length / step <= 12), _STEPS[-1])
    for number in range(int(length / step) + 1):
        x = left + number * step * scale
        pen.line((x, HEAD - 6, x, bottom + 6), _GRID)
        text = _clock(number * step, step)
        if x + _width(text, 14) / 2 <= WIDTH - 4:
            pen.text((x, bottom + 10), text, _FAINT, _font(14), anchor="mt")
    pen.line((left, bottom, WIDTH - MARGIN, bottom), _FAINT)


def _legend(pen: ImageDraw.ImageDraw, found: set[Shade], top: float) -> None:
    x = float(MARGIN)
    for shade in (shade for shade in _BARS if shade in found):
        pen.rounded_rectangle((x, top, x + 20, top + 14), 3, _BARS[shade])
        pen.text((x + 28, top + 7), shade, _TEXT, _font(15), anchor="lm")
        x += 28 + _width(shade, 15) + 28


def _clock(seconds: float, step: float) -> str:
    if step < 60 and seconds < 60:
        return f"{seconds:.1f} s" if step < 1 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _fitting(text: str, size: int, room: float) -> str:
    text = text if text.isascii() else "".join(letter if letter.isprintable() else "?" for letter in text)
    if _width(text, size) <= room:
        return text
    while text and _width(text + "...", size) > room:
        text = text[:-1]
    return text + "..."


def _width(text: str, size: int) -> float:
    return float(_font(size).getlength(text))


@cache
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
