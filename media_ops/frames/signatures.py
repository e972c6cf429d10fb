"""The luma signatures of one segment, as an object in the store."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from media_ops.frames.index import Int


@dataclass(frozen=True)
class Signatures:
    """What was handed to the encoder: `pts` int64 [n] and `cells` uint16 [n, 9, 16], in presentation order.

    In a lossless job also `digests` uint8 [n, 32] of the source's frames, else they are empty.
    """

    pts: Int
    cells: NDArray[np.uint16]
    digests: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 32), np.uint8))

    def to_bytes(self) -> bytes:
        """Pack as one columnar object."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, pts=self.pts, cells=self.cells, digests=self.digests)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Signatures:
        """Undo `to_bytes`."""
        with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
            return cls(loaded["pts"], loaded["cells"], loaded["digests"])
