"""Hand frames to an encoder and remember what they were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from av.video.frame import VideoFrame

from media_ops.encoders.ends import Ends
from media_ops.encoders.segment import SegmentEncoder
from media_ops.frames.fingerprint import exact_digest
from media_ops.frames.signature import Signature, signature
from media_ops.frames.signatures import Signatures


class Kept:
    """Signatures of all frames that `encoder` was given, and digests where they must come out unchanged."""

    def __init__(self, encoder: SegmentEncoder, ends: Ends | None = None) -> None:
        self._encoder = encoder
        self._ends = ends
        self._cells: list[Signature] = []
        self._digests: list[bytes] = []

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, frame: VideoFrame) -> None:
        """Convert a frame to the encoder's format and encode it."""
        converted = self._encoder.convert(frame)
        if self._encoder.lossless:
            self._digests.append(exact_digest(converted, self._encoder.target.pixel_format))
        if self._ends:
            self._ends.see(len(self), converted)
        self._cells.append(signature(converted))
        self._encoder.encode(converted)

    def signatures(self, times: Sequence[int]) -> Signatures:
        """Give them with the frames' PTS."""
        digests = np.frombuffer(b"".join(self._digests), np.uint8).reshape(-1, 32)
        return Signatures(np.asarray(times, np.int64), np.stack(self._cells), digests)
