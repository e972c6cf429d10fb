"""Whether the times that frames were given are those of a whole decode."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from media_ops.account import Account

# What these demuxers call PTS is guessed, wrongly for reordered pictures.
_WITHOUT_PTS = {"avi", "h264", "hevc", "vvc", "m4v", "mpegvideo", "mjpeg", "obu", "h263", "h261", "vc1", "dirac"}


def times_differ(source: Account, told: Sequence[int | None], given: Sequence[int]) -> str | None:
    """Compare the times given to frames with those told by the decoder, None when they agree.

    A container without PTS is judged by what a steady film must show: times that increase by one step, or in AVI,
    which can leave frames out, by several, and that cover no more than its packets do.
    """
    if set(source.container.split(",")) & _WITHOUT_PTS:
        return _unsteady(source, given)
    wrong = [rank for rank, (a, b) in enumerate(zip(told, given, strict=True)) if a is not None and a != b]
    if wrong:
        rank = wrong[0]
        clock = Fraction(source.time_base)
        told_at, given_at = (float((times[rank] or 0) * clock) for times in (told, given))
        return f"frame {rank} is given {given_at:.6f} s, a whole decode says {told_at:.6f} s ({len(wrong)} in all)"
    unknown = {rank for rank, time in enumerate(told) if time is None}
    for rank, (earlier, later) in enumerate(pairwise(given), 1):
        if later <= earlier and (rank in unknown or rank - 1 in unknown):
            return f"frame {rank}, whose time the decoder does not know, is not given one behind frame {rank - 1}'s"
    return None


def _unsteady(source: Account, given: Sequence[int]) -> str | None:
    step: Fraction = Fraction(source.step) / Fraction(source.time_base)
    steps = [(rank, later - earlier) for rank, (earlier, later) in enumerate(pairwise(given), 1)]
    if not steps:
        return None
    several = "avi" in source.container
    least: int = min(gap for _, gap in steps)
    if least <= 0:
        return "a container without PTS: the times given to frames do not increase"
    # The nominal rate may count fields, or frames of two fields.
    if min(abs(least - step), abs(least - 2 * step), abs(2 * least - step)) > 1:
        return f"a container without PTS: frames are given {least} ticks each instead of {float(step):.6g}"
    slack = 0 if step.denominator == 1 else 1  # a step that is no whole number of ticks is rounded
    for rank, gap in steps:
        count = max(1, round(gap / least)) if several else 1
        if abs(gap - count * least) > count * slack:
            return f"a container without PTS: frame {rank} follows after {gap} ticks, others after {least}"
    span = given[-1] - given[0]
    if source.dts_span is not None and span > source.dts_span + 3 * max(step, Fraction(least)):
        return f"a container without PTS: the times given cover {span} ticks, its packets {source.dts_span}"
    return None


def shown_elsewhere(expected: Sequence[Fraction], found: Sequence[Fraction], clock: Fraction) -> str | None:
    """Compare the result's times with those it must have, on the result's clock; Matroska's counts milliseconds."""
    if len(expected) != len(found):
        return f"the result shows {len(found)} frames instead of {len(expected)}"
    for rank, (wanted, seen) in enumerate(zip(expected, found, strict=True)):
        exact = wanted if clock != Fraction(1, 1000) else _rounded(wanted, clock)
        if exact != seen:
            return f"frame {rank} of the result stands at {float(seen):.6f} s instead of {float(wanted):.6f} s"
    return None


def spread(times: Sequence[Fraction], rate: int) -> list[Fraction]:
    """Give the times of `rate` frames for each, evenly spread until the next; nothing behind the last."""
    made = [a + (b - a) * step / rate for a, b in pairwise(times) for step in range(rate)]
    return made + list(times[-1:])


def _rounded(time: Fraction, clock: Fraction) -> Fraction:
    ticks = int(abs(time) / clock + Fraction(1, 2))
    return (ticks if time >= 0 else -ticks) * clock
