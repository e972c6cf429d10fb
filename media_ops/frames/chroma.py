"""Between chroma and luma resolution, such that making larger and then smaller gives back the same samples.

Larger is linear interpolation; smaller is its biorthogonal partner: with interpolating taps h the decimating ones g
fulfil sum(g[n] * h[n - 2k]) = [k = 0], have their centre where chroma lies, and no response to the highest frequency.
A *phase* says where a chroma sample lies, in quarters of the way from the first luma sample of its pair to the next.
All arithmetic is on integers, so that every machine makes the same of the same.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
# By phase: offset from the pair's first sample and weight; weights sum up to a power of two.
_SMALLER = {
    0: ((-2, -1), (-1, 2), (0, 6), (1, 2), (2, -1)),
    1: ((-1, -5), (0, 25), (1, 21), (2, -9)),
    2: ((-1, -1), (0, 3), (1, 3), (2, -1)),
    3: ((-1, -9), (0, 21), (1, 25), (2, -5)),
    4: ((-1, -1), (0, 2), (1, 6), (2, 2), (3, -1)),
}
# By phase: weights of the own and the earlier sample in the first one made, of the own and the later in the second.
_LARGER = {0: (2, 0, 1, 1), 1: (7, 1, 5, 3), 2: (3, 1, 3, 1), 3: (5, 3, 7, 1), 4: (1, 1, 2, 0)}


def larger(plane: Plane, axis: int, phase: int) -> Plane:
    """Give twice as many rows (axis 0) or columns, times 2 to the power of `larger_bits`."""
    own, earlier, other, later = _LARGER[phase]
    scaled = {weight: plane * weight if weight > 1 else plane for weight in {own, earlier, other, later} - {0}}
    if axis:
        first, second = (scaled[own], scaled[other])
        if earlier:
            first = np.empty_like(plane)
            np.add(scaled[own][:, 1:], scaled[earlier][:, :-1], out=first[:, 1:])
            np.add(scaled[own][:, 0], scaled[earlier][:, 0], out=first[:, 0])
        if later:
            second = np.empty_like(plane)
            np.add(scaled[other][:, :-1], scaled[later][:, 1:], out=second[:, :-1])
            np.add(scaled[other][:, -1], scaled[later][:, -1], out=second[:, -1])
        return cv2.merge((first, second)).reshape(len(plane), -1)
    out = np.empty((len(plane), 2, plane.shape[1]), plane.dtype)
    out[:, 0], out[:, 1] = scaled[own], scaled[other]
    if earlier:
        out[1:, 0] += scaled[earlier][:-1]
        out[0, 0] += scaled[earlier][0]
    if later:
        out[:-1, 1] += scaled[later][1:]
        out[-1, 1] += scaled[later][-1]
    return out.reshape(-1, plane.shape[1])


def larger_bits(phase: int) -> int:
    """Scale of what `larger` gives."""
    return sum(_LARGER[phase][:2]).bit_length() - 1


def smaller(plane: Plane, axis: int, phase: int) -> Plane:
    """Give half as many rows (axis 0) or columns, times 2 to the power of `smaller_bits`; the edges are repeated."""
    count = -(-plane.shape[axis] // 2)
    halves = _halves(plane, axis)
    parts: dict[int, list[Plane]] = {}
    for at, weight in _SMALLER[phase]:
        begin = (2 + at) // 2
        half = halves[at & 1]
        parts.setdefault(weight, []).append(half[:, begin : begin + count] if axis else half[begin : begin + count])
    groups = []
    for weight, same in parts.items():
        group = same[0] + same[1] if len(same) == 2 else same[0].copy()
        group *= weight
        groups.append(group)
    total = groups[0]
    for group in groups[1:]:
        total += group
    return total


def smaller_bits(phase: int) -> int:
    """Scale of what `smaller` gives."""
    return sum(weight for _, weight in _SMALLER[phase]).bit_length() - 1


def rounded(plane: Plane, bits: int) -> Plane:
    """Divide, in place, by a power of two."""
    plane += 1 << (bits - 1)
    plane >>= bits
    return plane


def _halves(plane: Plane, axis: int) -> tuple[Plane, Plane]:
    """Every second row or column from the first and from the second on, edges repeated."""
    rows, columns = plane.shape
    if axis:
        padded = np.empty((rows, columns + columns % 2 + 6), plane.dtype)
        padded[:, 2 : 2 + columns] = plane
        padded[:, :2] = plane[:, :1]
        padded[:, 2 + columns :] = plane[:, -1:]
        even, odd = cv2.split(padded.reshape(rows, -1, 2))
        return even, odd
    padded = np.concatenate((*[plane[:1]] * 2, plane, *[plane[-1:]] * (rows % 2 + 4)))
    return padded[0::2], padded[1::2]
