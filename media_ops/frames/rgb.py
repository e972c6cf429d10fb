"""YUV planes to RGB, and changes of RGB back into YUV planes.

What comes back is a *difference*: the change that an algorithm made to the RGB it was given, converted, is added to
the source's own samples. So what it left alone stays bit by bit, and 8 bits of RGB do not flatten 10 bits of video.
Chroma is made larger and smaller by filters that undo each other (`media_ops.frames.chroma`). Colours that RGB cannot
show (whiter than white, say) are cut off in what is given; that rest goes along with small changes and fades with
larger ones: else a black box over a white that is too white would be grey.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from av.video.format import VideoFormat
from numpy.typing import NDArray

from media_ops.frames.chroma import larger, larger_bits, rounded, smaller, smaller_bits
from media_ops.frames.colour import is_full, weights_of
from media_ops.frames.index import Facts

Plane = NDArray[Any]
# Where chroma lies in its block, in quarters of the way to the second luma column and line.
_PLACES = {"left": (0, 2), "center": (2, 2), "topleft": (0, 0), "top": (2, 0), "bottomleft": (0, 4), "bottom": (2, 4)}
# Pixels worked on at a time: at 1080p twice as many, or half as many, took a sixth to a half longer.
_BAND = 1 << 18


@dataclass(frozen=True)
class _Scale:
    """Code values: `black` and `steps` of luma, `middle` and `swing` of chroma, `most` of both."""

    black: int
    steps: int
    middle: int
    swing: int
    most: int

    @classmethod
    def of(cls, depth: int, full: bool) -> _Scale:
        most = (1 << depth) - 1
        if full:
            return cls(0, most, 1 << (depth - 1), most, most)
        unit = 1 << (depth - 8)
        return cls(16 * unit, 219 * unit, 128 * unit, 224 * unit, most)


class RgbConversion:
    """Both ways for films of one kind; RGB of 8 or 16 bits. Raises `Unsupported` where the matrix is not known."""

    def __init__(self, facts: Facts, bits: int) -> None:
        form = VideoFormat(facts.pixel_format, 16, 16)
        self.type: Any = np.uint8 if bits == 8 else np.uint16
        self._most = (1 << bits) - 1
        self._scale = _Scale.of(form.components[0].bits, is_full(facts))
        self._weights = weights_of(facts)
        self._across, self._down = 16 // form.chroma_width(16), 16 // form.chroma_height(16)
        self._place = _PLACES.get(facts.chroma_location or "left", (0, 2))
        self._bits = bits
        # Beyond twice the range no change of chroma can be seen; it must not be one that overflows, either.
        self._limit = 4 * self._most

    def rgb(self, planes: Sequence[Plane], interlaced: bool) -> Plane:
        """Convert Y, or Y, U and V; fields of interlaced pictures have chroma of their own."""
        height, width = planes[0].shape
        out = np.empty((height, width, 3), self.type)
        for part, lines, phase in self._fields([*planes, out], interlaced):
            for start, end in self._bands(lines, width):
                self._to_rgb(part, start, end, phase)
        return out

    def add(
        self, planes: Sequence[Plane], source: Sequence[Plane], new: Plane, given: Plane, interlaced: bool
    ) -> None:
        """Add to `planes`, a copy of `source`, what `new` differs by from `given`."""
        for part, lines, phase in self._fields([*planes, *source, new, given], interlaced):
            for start, end in self._bands(lines, new.shape[1]):
                self._add(part, start, end, phase)

    def fill(self, planes: Sequence[Plane], new: Plane) -> None:
        """Write what `new` shows into `planes`."""
        for plane, value in zip(planes, (self._scale.black, self._scale.middle, self._scale.middle), strict=False):
            plane[...] = value
        self.add(planes, [plane.copy() for plane in planes], new, np.zeros_like(new), False)

    def _fields(self, arrays: list[Plane], interlaced: bool) -> Iterator[tuple[list[Plane], int, int]]:
        phase = self._place[1]
        if interlaced and self._down == 2:
            for field in (0, 1):
                part = [array[field::2] for array in arrays]
                yield part, len(part[0]), (4 * field + phase) // 2
        else:
            yield arrays, len(arrays[0]), phase

    def _bands(self, lines: int, width: int) -> Iterator[tuple[int, int]]:
        step = max(16, _BAND // width // 16 * 16)
        return ((start, min(lines, start + step)) for start in range(0, lines, step))

    def _steps(self, phase: int) -> list[tuple[int, int]]:
        """Halvings and doublings: axis and phase."""
        return [(0, phase)] * (self._down.bit_length() - 1) + [(1, self._place[0])] * (self._across.bit_length() - 1)

    def _to_rgb(self, arrays: Sequence[Plane], start: int, end: int, phase: int) -> None:
        *planes, out = arrays
        shown = [
            np.clip(c, 0, self._most, out=c).astype(self.type) for c in self._channels(planes, start, end, phase)
        ]
        cv2.merge(shown if len(shown) == 3 else shown * 3, out[start:end])

    def _channels(self, planes: Sequence[Plane], start: int, end: int, phase: int) -> Iterator[Plane]:
        """Red, green and blue of some lines, not cut off; or one for all three, where there is luma alone."""
        scale, most, steps = self._scale, self._most, self._steps(phase)
        # Numbers are fractions of 32, or finer where chroma grows in many steps; 8 bits and 32nds fit into 16 bits.
        growth = sum(larger_bits(where) for _, where in steps)
        fine = max(5, growth + 1)
        work: Any = np.int16 if self._bits == 8 and fine == 5 else np.int32
        luma = planes[0][start:end].astype(np.float32)
        unit = (1 << fine) * most / scale.steps
        luma *= np.float32(unit)
        luma += np.float32((1 << fine) / 2 + 0.5 - unit * scale.black)
        base = np.floor(luma, out=luma).astype(work)
        if len(planes) == 1:
            base >>= fine
            yield base
            return
        first = max(0, start // self._down - 2)
        last = -(-end // self._down) + 2
        unit = (1 << (fine - growth)) * most / scale.swing
        for share in self._shares([plane[first:last] for plane in planes[1:]], unit):
            chroma = share.astype(work)
            for axis, where in steps:
                chroma = larger(chroma, axis, where)
            chroma = chroma[start - first * self._down :][: end - start, : base.shape[1]]
            if len(chroma) < end - start:  # the second field of a picture with an odd number of chroma lines
                chroma = np.concatenate((chroma, chroma[-1:]))
            channel = base + chroma
            channel >>= fine
            yield channel

    def _shares(self, planes: list[Plane], unit: float) -> Iterator[Plane]:
        """What chroma adds to red, green and blue, at its own resolution."""
        red, green, blue = self._weights
        of_u, of_v = 2 * (1 - blue) * unit, 2 * (1 - red) * unit
        u, v = (plane.astype(np.float32) for plane in planes)
        u -= np.float32(self._scale.middle)
        v -= np.float32(self._scale.middle)
        yield np.rint(v * np.float32(of_v))
        mixed = u * np.float32(-blue / green * of_u)
        mixed += v * np.float32(-red / green * of_v)
        yield np.rint(mixed, out=mixed)
        u *= np.float32(of_u)
        yield np.rint(u, out=u)

    def _add(self, arrays: Sequence[Plane], start: int, end: int, phase: int) -> None:
        *both, new, given = arrays
        planes, source = both[: len(both) // 2], both[len(both) // 2 :]
        first, last = max(0, start - 2 * self._down), min(len(new), end + 2 * self._down)
        middle = (first + last) // 2  # one line tells most often that something was changed
        if np.array_equal(new[middle], given[middle]) and np.array_equal(new[first:last], given[first:last]):
            return
        inside = slice(start - first, end - first)
        # Chroma changes by up to two ranges, in halves, times 12: with 8 bits of RGB that fits into 16.
        odd = self._down == 2 and phase % 2
        work: Any = np.int16 if self._bits == 8 and not odd else np.int32
        shown = cv2.split(given[first:last])
        change = [np.subtract(b, a, dtype=work) for a, b in zip(shown, cv2.split(new[first:last]), strict=True)]
        if any(self._covered(a, c) for a, c in zip(shown, change, strict=True)):
            exact = list(self._channels(source, first, last, phase))
            for number, channel in enumerate(change):
                self._fade(channel, exact[number % len(exact)], shown[number])
        red, green, blue = change
        luma = _weighted((red, green, blue), self._weights)
        self._put(planes[0][start:end], luma[inside], self._scale.steps / self._most)
        if len(planes) == 1:
            return
        luma *= np.float32(2)
        twice = np.rint(luma, out=luma).astype(work)
        kept = slice((start - first) // self._down, -(-(end - first) // self._down))
        for plane, colour, weight in ((planes[1], blue, self._weights[2]), (planes[2], red, self._weights[0])):
            colour *= 2
            colour -= twice
            coarse, unit = self._reduced(colour, phase)
            place = plane[start // self._down : -(-end // self._down)]
            part = coarse[kept][: len(place)].astype(np.float32)
            self._put(place, part, self._scale.swing / self._most / (2 * (1 - weight)) / (2 * unit))

    def _reduced(self, plane: Plane, phase: int) -> tuple[Plane, int]:
        """Make a change as small as chroma is; give also by what it is too large."""
        bits = 0
        for axis, where in self._steps(phase):
            if bits:
                plane = rounded(plane, bits)
                np.clip(plane, -self._limit, self._limit, out=plane)
            plane, bits = smaller(plane, axis, where), smaller_bits(where)
        return plane, 1 << bits

    def _covered(self, shown: Plane, change: Plane) -> bool:
        """Whether colours that may have been cut off were changed by more than a sixteenth of the range."""
        least = 1 << (self._bits - 4)
        if int(change.max()) <= least and int(change.min()) >= -least:
            return False
        return bool((((shown == 0) | (shown == self._most)) & (np.abs(change) > least)).any())

    def _fade(self, change: Plane, exact: Plane, shown: Plane) -> None:
        """Take what was cut off away from the change: nothing up to 1/16 of the range, all of it from 5/16 on."""
        quarter = self._bits - 2
        fade = np.abs(change)
        fade -= 1 << (self._bits - 4)
        np.clip(fade, 0, 1 << quarter, out=fade)
        rest = exact.astype(change.dtype)
        rest -= shown
        rest *= fade
        change -= rounded(rest, quarter)

    def _put(self, place: Plane, change: Plane, unit: float) -> None:
        total = change * np.float32(unit)
        total += place
        total += np.float32(0.5)
        np.clip(total, 0, self._scale.most, out=total)
        np.copyto(place, total, casting="unsafe")  # downwards: a half was added


def _weighted(parts: Sequence[Plane], weights: Sequence[float]) -> Plane:
    total = parts[0].astype(np.float32)
    total *= np.float32(weights[0])
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        scaled = part.astype(np.float32)
        scaled *= np.float32(weight)
        total += scaled
    return total
