"""Where scenes begin, as far as the sizes of packets tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Sizes around a frame that say what is usual there.
_AROUND = 12
SURE = 1000


def news(sizes: NDArray[np.int64], entries: NDArray[np.int64]) -> NDArray[np.int64]:
    """Say of every frame how surely a scene begins there, from 0 to 1000.

    `sizes` are those of the packets by rank, `entries` the ranks of key frames, ascending, 0 first. A key frame where
    none was due stands at a scene change, because encoders put one there. Any other frame that is nearly as large as a
    key frame was predicted from nothing before it.
    """
    import numpy as np

    found = np.zeros(len(sizes), np.int64)
    return found
