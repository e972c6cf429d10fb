"""Where scenes begin, as far as the sizes of packets tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Int = NDArray[np.int64]

# Frames on either side that say what size is usual.
_AROUND = 12
# A P- or B-frame that was predicted from nothing: so much larger than the third largest around it, and of this share
# of the smaller of the key frames around it at least. In films of known cuts 81 of 106 such frames began a scene.
_OUTSTANDING = 3
_LIKE_A_KEY = 0.4
# A distance that this share of frames keep, four at least, is a setting of the encoder and not the film's.
_COMMON = 0.25
# Where there are key frames only: a change so many times the third largest around it, and of 5 % at least.
_JUMP = 4
_LEAST_JUMP = 0.05
_OFTEN = 4


def news(sizes: Int, order: Int, entries: Int) -> Int:
    """Say of every frame how surely a scene begins there, from 0 to 1000.

    `sizes` and `order` are the packets' sizes and places in the file by rank, `entries` the ranks of key frames,
    ascending, 0 first. A key frame where none was due stands at a scene change, because encoders put one there. Any
    other frame far larger than those around it was predicted from nothing: the scene begins there or between it and
    the frame that it could have been predicted from. Where there are key frames only, their size jumps.
    """
    import numpy as np

    found = np.zeros(len(sizes), np.int64)
    if len(entries) == len(sizes):
        found[_jumps(sizes)] = 800
        found[0] = 1000
        return found
    found[_undue(entries)] = 1000
    for rank in _outstanding(sizes, entries):
        first = _anchor(order, rank) + 1
        found[first : rank + 1] = np.maximum(found[first : rank + 1], 1000 // (rank + 1 - first))
    found[0] = 1000
    return found


def _undue(entries: Int) -> Int:
    """Key frames that no setting asks for: nearer to the one before than the longest distance, or a common one."""
    import numpy as np

    gaps = np.diff(entries)
    if not len(gaps):
        return entries[:0]
    longest = int(gaps.max())
    # Those that are asked for every so many frames come in step, whatever stands between them.
    step = (entries[1:] - entries[0]) % longest
    due = _common(gaps) | (gaps >= longest - 1) | (np.minimum(step, longest - step) <= 1)
    undue: Int = entries[1:][~due]
    return undue


def _common(gaps: Int) -> NDArray[np.bool_]:
    """Say of each distance whether others are the same but for a frame, too often for chance."""
    import numpy as np

    values, counts = np.unique(gaps, return_counts=True)
    alike = np.asarray([counts[np.abs(values - value) <= 1].sum() for value in values])
    common: NDArray[np.bool_] = np.isin(gaps, values[alike >= max(_OFTEN, _COMMON * len(gaps))])
    return common


def _outstanding(sizes: Int, entries: Int) -> list[int]:
    """Frames that are no key frames and as large as one, unless they come regularly."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    others = sizes.copy()
    others[entries] = 0
    around = sliding_window_view(np.pad(others, _AROUND), 2 * _AROUND + 1)
    # It is among them itself: the fourth largest of all is the third largest of the others.
    usual = np.partition(around, -4, axis=1)[:, -4]
    # The key frames in front of and behind each rank; at either end one stands for both.
    behind = np.searchsorted(entries, np.arange(len(sizes)), "right")
    keys = sizes[entries]
    key = np.minimum(keys[behind - 1], keys[np.minimum(behind, len(entries) - 1)])
    found = np.flatnonzero((usual > 0) & (others > _OUTSTANDING * usual) & (others > _LIKE_A_KEY * key))
    gaps = np.diff(found)
    regular = _common(gaps) if len(gaps) else np.zeros(0, bool)
    # A frame at a common distance from either neighbour is one of a row.
    in_row = np.append(regular, False) | np.append(False, regular)
    return [int(rank) for rank in found[~in_row[: len(found)]]]


def _jumps(sizes: Int) -> Int:
    """Ranks at which the size changes as it does not around them; 28 of 34 began a scene (MJPEG, 51 known cuts)."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    if len(sizes) < 2:
        return sizes[:0]
    changes = np.abs(np.diff(np.log(np.maximum(sizes, 1))))
    around = sliding_window_view(np.pad(changes, _AROUND, mode="edge"), 2 * _AROUND + 1)
    usual = np.partition(around, -4, axis=1)[:, -4]
    jumps: Int = np.flatnonzero((changes > _JUMP * usual) & (changes > _LEAST_JUMP)) + 1
    return jumps


def _anchor(order: Int, rank: int) -> int:
    """Find the last frame before `rank` that was decoded before it."""
    before = rank - 1
    while before >= 0 and order[before] > order[rank]:
        before -= 1
    return before
