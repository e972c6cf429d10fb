"""What a job aims at instead of a quality setting: a bit rate, a buffer, a measured quality."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Metric = Literal["vmaf", "psnr", "ssim"]
RATE = r"^[0-9]+(\.[0-9]+)?[kM]?$"
_UNITS = {"": 1, "k": 1000, "M": 1_000_000}


@dataclass(frozen=True)
class Aim:
    """Bits a second of the picture alone, the decoder's buffer in bits, or a quality and its metric."""

    bitrate: int | None = None
    maxrate: int | None = None
    bufsize: int | None = None
    metric: Metric | None = None
    target: float = 0.0

    @property
    def looks(self) -> bool:
        """Whether the film is encoded once, or in part, before it is encoded for good."""
        return self.bitrate is not None or self.metric is not None

    @property
    def slack(self) -> float:
        """By how much a segment may miss `target`."""
        return {"vmaf": 0.5, "psnr": 0.2, "ssim": 0.002}[self.metric] if self.metric else 0.0


def bits(text: str) -> int:
    """Read `900k`, `2.5M` or `800000`."""
    found = re.fullmatch(RATE, text)
    if not found:
        raise ValueError(f"{text!r} is no rate such as 900k or 2.5M")
    unit = text[-1] if text[-1] in _UNITS else ""
    number = Fraction(text.removesuffix(unit)) * _UNITS[unit]
    if not number:
        raise ValueError("0 is no rate")
    return round(number)


def told(rate: float, unit: str = "bit/s") -> str:
    """Write a rate for people."""
    return f"{rate / 1000:.4g} k{unit}" if rate < 10_000_000 else f"{rate / 1_000_000:.4g} M{unit}"
