"""What a result is joined of: the segments, and between them the frames that fade from one to the next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.algorithm import EncoderSettings
from media_ops.errors import SegmentsDisagree
from media_ops.model import SegmentResult
from media_ops.requests import MergeRequest

if TYPE_CHECKING:
    from media_ops.frames.index import Facts, FrameIndex
    from media_ops.frames.signatures import Signatures
    from media_ops.storage.gathered import Gathered


@dataclass(frozen=True)
class Piece:
    """Encoded video of our making, and what was handed to its encoder."""

    video: str
    seen: Signatures

    @property
    def count(self) -> int:
        """Frames in it."""
        return len(self.seen.pts)


class Pieces:
    """The pieces of a job in order; those that fade are made below `scratch`, with the job's own encoder."""

    def __init__(
        self, request: MergeRequest, parts: Gathered, settings: EncoderSettings, index: FrameIndex, rate: int
    ) -> None:
        self._request = request
        self._parts = parts
        self._settings = settings
        self._index = index
        self._rate = rate

    def all(self, scratch: Path) -> list[Piece]:
        """Give them; raises `SegmentsDisagree` where they cannot be faded."""
        found: list[Piece] = []
        results = self._request.results
        for number, result in enumerate(results):
            if result.fades.get("in"):
                found.append(self._faded(results[number - 1], result, scratch))
            found.append(Piece(str(self._parts.path(result.key)), self._signatures(result.signatures)))
        return found

    def _faded(self, left: SegmentResult, right: SegmentResult, scratch: Path) -> Piece:
        from media_ops.encoders.fades import faded
        from media_ops.encoders.kept import Kept
        from media_ops.encoders.segment import SegmentEncoder

        fade = self._request.plan.segments[right.order].fade_in
        length, start = fade * self._rate, right.start * self._rate
        times = self._index.frame_pts[start : start + length].tolist()
        made = scratch / f"fade-{right.order:05d}.nut"
        ends = [self._parts.path(key) for key in _sides(left, right)]
        facts = self._facts()
        with SegmentEncoder(made, self._settings, facts, times, self._request.threads) as encoder:
            kept = Kept(encoder)
            for frame in faded(ends[0], ends[1], length):
                kept.add(frame)
            config = hashlib.sha256(encoder.finish()).hexdigest()
        if config != right.codec_config:
            raise SegmentsDisagree(f"what fades into segment {right.order} has another codec configuration")
        return Piece(str(made), kept.signatures(times))

    def _facts(self) -> Facts:
        """Facts of what is faded: in the encoder's own pixel format already."""
        from media_ops.encoders.formats import choose_target

        target = choose_target(self._settings.codec, self._index.facts, self._settings.height)
        return replace(self._index.facts, pixel_format=target.pixel_format, colour=target.colour)

    def _signatures(self, key: str) -> Signatures:
        from media_ops.frames.signatures import Signatures

        return Signatures.from_bytes(self._parts.path(key).read_bytes())


def _sides(left: SegmentResult, right: SegmentResult) -> tuple[str, str]:
    if "out" not in left.fades:
        raise SegmentsDisagree(f"segment {left.order} left no frames to fade into segment {right.order}")
    return left.fades["out"], right.fades["in"]
