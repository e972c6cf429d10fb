"""What it costs to cut before each frame: what is decoded twice, and how much the cut shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_ops.planning.scenes import news

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Int = NDArray[np.int64]

# In millionths of a frame's encoding. A frame decodes in 7 % (x264 medium) to 25 % (veryfast) of that.
_DECODING = 100_000
# A key frame that nothing in the picture asks for: 1 to 4 % of the bits of 10 s, about 7 frames' worth.
_SHOWING = 7_000_000


def prices(sizes: Int, order: Int, entries: Int, lead: int) -> Int:
    """Give the price of a cut before every rank, in millionths of a frame's encoding.

    `sizes` and `order` are the packets' sizes and places in the file by rank; `entries` the ranks at which decoding
    may begin, ascending, 0 first; a segment decodes from `lead` frames before its start on.
    """
    import numpy as np

    ranks = np.arange(len(sizes), dtype=np.int64)
    begun = np.maximum(ranks - lead, 0)
    passed = begun - entries[np.searchsorted(entries, begun, "right") - 1]
    showing = _SHOWING * (1000 - news(sizes, order, entries)) // 1000
    price: Int = _DECODING * passed + showing
    return price
