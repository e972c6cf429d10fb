"""What a result is joined of: the segments, and between them the frames that fade from one to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from media_ops.algorithm import EncoderSettings
from media_ops.errors import SegmentsDisagree
from media_ops.model import SegmentResult
from media_ops.requests import MergeRequest

if TYPE_CHECKING:
    from media_ops.frames.index import Facts, FrameIndex
    from media_ops.frames.signatures import Signatures
    from media_ops.storage import Store


@dataclass(frozen=True)
class Piece:
    """Encoded video of our making, and what was handed to its encoder."""

    video: BinaryIO | str
    seen: Signatures

    @property
    def count(self) -> int:
        """Frames in it."""
        return len(self.seen.pts)


class Pieces:
    """The pieces of a job in order; those that fade are made below `scratch`, with the job's own encoder."""

    def __init__(
        self, request: MergeRequest, store: Store, settings: EncoderSettings, index: FrameIndex, rate: int
    ) -> None:
        self._request = request
        self._store = store
        self._settings = settings
        self._index = index
        self._rate = rate

    def all(self, scratch: Path) -> list[Piece]:
        """Check and give them; raises `SegmentsDisagree` where one is not what its worker wrote."""
        found: list[Piece] = []
        results = self._request.results
        for number, result in enumerate(results):
            if result.fades.get("in"):
                found.append(self._faded(results[number - 1], result, scratch))
            _check_stored(self._store, result.key, result.sha256)
            found.append(Piece(self._stored(result.key), self._signatures(result.signatures)))
        return found

    def _faded(self, left: SegmentResult, right: SegmentResult, scratch: Path) -> Piece:
        from media_ops.encoders.fades import faded
        from media_ops.encoders.kept import Kept
        from media_ops.encoders.segment import SegmentEncoder

        fade = self._request.plan.segments[right.order].fade_in
        length, start = fade * self._rate, right.start * self._rate
        times = self._index.frame_pts[start : start + length].tolist()
        made = scratch / f"fade-{right.order:05d}.nut"
        ends = [self._local(key, scratch / f"{made.stem}-{side}.nut") for side, key in _sides(left, right)]
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

    def _local(self, key: str, path: Path) -> Path:
        found = self._store.path(key)
        if found:
            return Path(found)
        with self._store.open(key) as file:
            path.write_bytes(file.read())
        return path

    def _stored(self, key: str) -> BinaryIO | str:
        path = self._store.path(key)
        return str(path) if path else self._store.open(key)

    def _signatures(self, key: str) -> Signatures:
        from media_ops.frames.signatures import Signatures

        with self._store.open(key) as file:
            return Signatures.from_bytes(file.read())


def _sides(left: SegmentResult, right: SegmentResult) -> Sequence[tuple[str, str]]:
    if "out" not in left.fades:
        raise SegmentsDisagree(f"segment {left.order} left no frames to fade into segment {right.order}")
    return (("out", left.fades["out"]), ("in", right.fades["in"]))


def _check_stored(store: Store, key: str, sha256: str) -> None:
    with store.open(key) as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
        if digest.hexdigest() != sha256:
            raise SegmentsDisagree(f"the stored segment {key} is not what its worker wrote")
