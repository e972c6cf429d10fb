"""A picture of scores over time: a panel for each metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from media_ops.quality.pen import Pen, Sheet, fitting, width_of
from media_ops.quality.report import QualityReport
from media_ops.quality.scores import Numbers, Scores

if TYPE_CHECKING:
    from PIL import Image

WIDTH = 1600
LEFT, RIGHT, HEAD, FOOT, PANEL, GAP = 96, 32, 132, 104, 250, 44
_ROOM = WIDTH - LEFT - RIGHT
_ENDS = (float(LEFT), float(WIDTH - RIGHT))
_TEXT, _FAINT, _GRID = "#22282f", "#6b7480", "#e3e7ec"
_JOINT, _LOW, _WORST = "#b9770e", "#cf4450", "#cf4450"
_MOST_LINES = 40
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True)
class _Kind:
    """A metric: what its panel says, its colour, its best value."""

    title: str
    unit: str
    ink: str
    best: float


_KINDS = {
    "vmaf": _Kind("VMAF", "points of 100", "#3c7fb4", 100),
    "psnr_y": _Kind("PSNR of luma", "dB", "#3f9c6c", 100),
    "ssim": _Kind("SSIM of luma", "1 = identical", "#7a5ba6", 1),
}


def plot(scores: Scores, seconds: Sequence[float], report: QualityReport, joints: Sequence[int]) -> Image.Image:
    """Draw the scores of every frame, or the span of those that share a column, with their mean and joints."""
    names = [name for name in _KINDS if name in scores.by_name]
    height = HEAD + len(names) * (PANEL + GAP) + FOOT
    sheet = Sheet(WIDTH, height)
    pen = sheet.pen
    times = np.asarray(seconds, np.float64)
    began, span = float(times[0]), max(float(times[-1] - times[0]), 1e-3)
    across = LEFT + (times - began) / span * _ROOM
    pen.text((LEFT, 22), fitting(f"{report.output} beside {report.source}", 26, _ROOM), _TEXT, 26)
    pen.text((LEFT, 60), fitting(_told(report), 16, _ROOM), _FAINT, 16)
    for number, name in enumerate(names):
        top = HEAD + number * (PANEL + GAP)
        _panel(pen, name, scores.by_name[name], across, top, joints)
        for frame in report.worst if number == 0 else ():
            place = (float(across[frame.rank]), _Scale.of(name, scores.by_name[name], top).y(frame.scores[name]))  # type: ignore[index]
            pen.ring(place, 6, _WORST)
    bottom = HEAD + len(names) * (PANEL + GAP) - GAP
    _axis(pen, began, span, bottom)
    _legend(pen, bottom + 64, bool(joints))
    return sheet.finished()


def _told(report: QualityReport) -> str:
    model = f", {report.vmaf_model}" if report.vmaf_model else ""
    return f"{report.frames} frames of {report.width}x{report.height}, {report.pixel_format}{model}"


@dataclass(frozen=True)
class _Scale:
    """From a score to a line of the picture; `ticks` are round values."""

    low: float
    high: float
    top: float
    ticks: list[float]

    @classmethod
    def of(cls, name: str, values: Numbers, top: float) -> _Scale:
        low, high = float(values.min()), float(values.max())
        room = max((high - low) * 0.08, 0.5 if name != "ssim" else 0.0005)
        low, high = low - room, min(high + room, _KINDS[name].best)
        step = _round_step((high - low) / 5)
        first = math.ceil(low / step)
        return cls(low, high, top, [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)])

    def y(self, value: float) -> float:
        return self.top + PANEL * (self.high - value) / (self.high - self.low)


def _panel(pen: Pen, name: str, values: Numbers, across: Numbers, top: float, joints: Sequence[int]) -> None:
    kind, scale = _KINDS[name], _Scale.of(name, values, top)
    step = scale.ticks[1] - scale.ticks[0] if len(scale.ticks) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    for tick in scale.ticks:
        pen.level(scale.y(tick), _ENDS, _GRID)
        pen.text((LEFT - 10, scale.y(tick)), f"{tick:.{digits}f}", _FAINT, 14, "rm")
    for rank in joints:  # very many would hide the curve: then each has a mark at its foot
        foot = top if len(joints) <= _MOST_LINES else top + PANEL - 8
        pen.dashed(float(across[rank]), foot, top + PANEL, _JOINT)
    _curve(pen, values, across, scale, kind.ink)
    mean, low = float(values.mean()), float(np.percentile(values, 5))
    pen.level(scale.y(mean), _ENDS, _TEXT, 1.2, 8)
    pen.level(scale.y(low), _ENDS, _LOW, 1.2, 3)
    pen.line(((LEFT, top), (LEFT, top + PANEL), (WIDTH - RIGHT, top + PANEL)), _FAINT)
    places = 2 if name != "ssim" else 5
    figures = f"mean {mean:.{places}f}, 5 % below {low:.{places}f}, lowest {float(values.min()):.{places}f}"
    pen.text((LEFT, top - 20), f"{kind.title} ({kind.unit})", _TEXT, 16, "lm")
    pen.text((WIDTH - RIGHT, top - 20), figures, _FAINT, 15, "rm")


def _curve(pen: Pen, values: Numbers, across: Numbers, scale: _Scale, ink: str) -> None:
    """Draw a line through all frames; where several share a column, a band from the lowest to the highest."""
    columns, starts = np.unique(across.astype(int), return_index=True)
    if len(values) < 1.5 * len(columns):
        pen.line([(float(x), scale.y(float(v))) for x, v in zip(across, values, strict=True)], ink, 1.5)
        return
    highest, lowest = np.maximum.reduceat(values, starts), np.minimum.reduceat(values, starts)
    upper = [(float(x), scale.y(float(v)) - 0.7) for x, v in zip(columns, highest, strict=True)]
    lower = [(float(x), scale.y(float(v)) + 0.7) for x, v in zip(columns, lowest, strict=True)]
    pen.area([*upper, *reversed(lower)], ink)


def _axis(pen: Pen, began: float, span: float, bottom: float) -> None:
    step = next((step for step in _STEPS if span / step <= 12), _STEPS[-1])
    scale = _ROOM / span
    for number in range(math.ceil(began / step - 1e-9), math.floor((began + span) / step + 1e-9) + 1):
        x = LEFT + (number * step - began) * scale
        pen.line(((x, bottom), (x, bottom + 6)), _FAINT)
        pen.text((x, bottom + 10), _clock(number * step, step), _FAINT, 14, "mt")
    pen.text(((LEFT + WIDTH - RIGHT) / 2, bottom + 34), "time in the film", _FAINT, 14, "mt")


def _legend(pen: Pen, top: float, joints: bool) -> None:
    x, y = float(LEFT), top + 10
    marks = ["each frame", "mean", "5 % of frames are below", "worst frames", *(["joint"] if joints else [])]
    for mark in marks:
        if mark == "each frame":
            for number, kind in enumerate(_KINDS.values()):
                pen.line(((x + number * 13, y), (x + number * 13 + 10, y)), kind.ink, 2)
        elif mark == "worst frames":
            pen.ring((x + 18, y), 6, _WORST)
        elif mark == "joint":
            pen.dashed(x + 18, y - 9, y + 9, _JOINT)
        else:
            dash, ink = (8, _TEXT) if mark == "mean" else (3, _LOW)
            for start in range(0, 36, 2 * dash):
                pen.line(((x + start, y), (min(x + start + dash, x + 36), y)), ink, 1.5)
        pen.text((x + 46, y), mark, _TEXT, 15, "lm")
        x += 46 + width_of(mark, 15) + 36


def _round_step(wanted: float) -> float:
    """Give 1, 2 or 5 times a power of ten, not below what is wanted."""
    power = float(10.0 ** math.floor(math.log10(wanted)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted * 0.999)


def _clock(seconds: float, step: float) -> str:
    if abs(seconds) < 60 and step < 60:
        return f"{seconds:.1f} s" if step < 1 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
