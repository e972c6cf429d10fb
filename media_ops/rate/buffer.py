"""A decoder's buffer, simulated over a coded stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

# What x264 and x265 let a film begin with.
FIRST_FILL = 0.9


@dataclass(frozen=True)
class Buffer:
    """Holds `size` bits, filled with at most `rate` bits a second, never beyond its size (H.264, C.1.2: VBR)."""

    rate: int
    size: int


@dataclass(frozen=True)
class Fullness:
    """How full a buffer is, in shares of its size, just before each picture is taken out; and which came too late."""

    before: list[float]
    underflows: list[int]
    lowest: float


def simulate(
    buffer: Buffer, sizes: Sequence[int], times: Sequence[int], time_base: Fraction, fill: float = FIRST_FILL
) -> Fullness:
    """Take pictures of so many bytes out at their decoding times, in ticks of `time_base`; begin `fill` full.

    An underflow is a picture that is not there in full when it must be decoded. It is taken out all the same, and
    the buffer goes on empty.
    """
    level = fill * buffer.size
    per_tick = float(buffer.rate * time_base)
    before: list[float] = []
    underflows: list[int] = []
    lowest = 1.0
    last = times[0] if times else 0
    for number, (size, time) in enumerate(zip(sizes, times, strict=True)):
        level = min(buffer.size, level + (time - last) * per_tick)
        last = time
        before.append(level / buffer.size)
        level -= 8 * size
        lowest = min(lowest, level / buffer.size)
        if level < 0:
            underflows.append(number)
            level = 0.0
    return Fullness(before, underflows, lowest)
