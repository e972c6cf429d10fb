"""The two films of a proof, decoded anew: each once, when the first check asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from media_ops.algorithm import FrameAlgorithm
from media_ops.errors import MediaError, ProofFailed
from media_ops.planning.windows import JOINT_WINDOW, merged, windows
from media_ops.proof.again import Again, algorithm_of
from media_ops.proof.report import CheckRequest, NotPossible

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from media_ops.frames.index import Rows
    from media_ops.proof.files import File

Role = Literal["source", "result"]


@dataclass
class Seen:
    """What decoding one file gave, by rank in the result; `fingerprints` are by rank in the source.

    Of a source, `again` made what the encoder was given; without it, `not_again` says why.
    """

    cells: dict[int, NDArray[np.uint16]] = field(default_factory=dict)
    fingerprints: dict[int, str] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)
    again: Again | None = None
    not_again: str = ""


class Decoded:
    """Gives what was seen of either file; `count` is of frames decoded so far."""

    def __init__(
        self,
        source: File,
        result: File,
        request: CheckRequest,
        scratch: Path,
        on_progress: Callable[[int, int | None], None],
    ) -> None:
        self.count = 0
        self.files: dict[Role, File] = {"source": source, "result": result}
        self._request = request
        self._proof = request.proof
        self._scratch = scratch
        self._on_progress = on_progress
        self._found: dict[Role, Seen | Exception] = {}

    def seen(self, role: Role) -> Seen:
        """Give what was seen, or raise again what went wrong."""
        if role not in self._found:
            try:
                self._found[role] = self._source() if role == "source" else self._result()
            except (MediaError, NotPossible) as error:
                self._found[role] = error
        found = self._found[role]
        if isinstance(found, Exception):
            raise found
        return found

    @property
    def rate(self) -> int:
        """Frames of the result for each of the source."""
        return max(1, self._proof.frames_out // max(1, self._proof.frames_in))

    @property
    def joints(self) -> list[int]:
        """Ranks in the result."""
        return [joint.rank for joint in self._proof.joints]

    def _result(self) -> Seen:
        from media_ops.frames.fingerprint import exact_digest
        from media_ops.frames.reader import FrameReader
        from media_ops.frames.signature import signature

        file, seen, done = self.files["result"], Seen(), 0
        compared = self._compared(file.index.frames)
        form = self._compared_format() if self._proof.lossless_digest else None
        ranges = [range(file.index.frames)] if form else compared
        for part in ranges:
            rows = file.index.rows(part.start, part.stop)
            for rank, frame in FrameReader(file.path, rows, threads=self._threads):
                self.count += 1
                if form:
                    seen.digests[rank] = exact_digest(frame, form)
                if any(rank in wanted for wanted in compared):
                    seen.cells[rank] = signature(frame)
                done += 1
                self._on_progress(done, sum(map(len, ranges)))
        return seen

    def _source(self) -> Seen:
        """Note what the encoder was given, and digests of the source's own frames on the way."""
        index, seen = self.files["source"].index, Seen()
        wanted = self._reached(index.frames)
        # What a decoder makes of a damaged place depends on all that it decoded before.
        ranges = [range(max(part.stop for part in wanted))] if self._proof.damaged else wanted

        def read(rows: Rows) -> Iterator[tuple[int, VideoFrame]]:
            return self._read(rows, seen)

        try:
            seen.again = Again(self._proof, index, ranges, full=self._request.full, read=read)
        except NotPossible as reason:
            seen.not_again = str(reason)
            for part in ranges:
                for _ in read(index.rows(part.start, part.stop)):
                    pass
        else:
            self._make(seen, seen.again, wanted)
        return seen

    def _make(self, seen: Seen, again: Again, wanted: list[range]) -> None:
        from media_ops.frames.fingerprint import exact_digest
        from media_ops.frames.signature import signature

        form = self._compared_format() if self._proof.lossless_digest and again.exact else None
        total = again.rate * sum(map(len, again.ranges))
        for number, (rank, frame) in enumerate(again.frames(self._scratch)):
            if any(rank // again.rate in part for part in wanted):
                if form:
                    seen.digests[rank] = exact_digest(frame, form)
                seen.cells[rank] = signature(frame)
            self._on_progress(number + 1, total)

    def _read(self, rows: Rows, seen: Seen) -> Iterator[tuple[int, VideoFrame]]:
        from media_ops.frames.fingerprint import fingerprint
        from media_ops.frames.reader import FrameReader

        marked = {*self._proof.fingerprints, *(rank // self.rate - n for rank in self.joints for n in (0, 1))}
        path, conceal = self.files["source"].path, bool(self._proof.damaged)
        for rank, frame in FrameReader(path, rows, threads=self._threads, conceal=conceal):
            self.count += 1
            if rank in marked:
                seen.fingerprints[rank] = fingerprint(frame)
            yield rank, frame

    @property
    def _threads(self) -> int:
        """One thread decodes little more than the windows; a whole film is faster with all."""
        return min(16, len(os.sched_getaffinity(0))) if self._request.full else 1

    def _compared(self, frames: int) -> list[range]:
        """Frames of the result that are compared."""
        if self._request.full:
            return [range(frames)]
        result = self.files["result"].found
        return windows(frames, self.joints, result.entry_ranks().tolist() if result else [0])

    def _reached(self, frames: int) -> list[range]:
        """Frames of the source that they are compared with: neighbours tell which frame a wrong one shows."""
        if self._request.full:
            return [range(frames)]
        result, rate = self.files["result"].found, self.rate
        wide = [
            range(part.start // rate - JOINT_WINDOW, -(-part.stop // rate) + JOINT_WINDOW)
            for part in self._compared(result.frames if result else self._proof.frames_out)
        ]
        return merged([*wide, range(frames - JOINT_WINDOW, frames)], frames)

    def _compared_format(self) -> str:
        """Name the pixel format whose planes count: that of what was given to the encoder."""
        import av

        from media_ops.frames.working import working_facts

        source, said = self.files["source"].found, self._proof.picture_source
        name = source.facts.pixel_format if source else said.pixel_format if said else ""
        try:
            _ = av.VideoFormat(name)
        except ValueError:
            raise ProofFailed(f"the proof names a pixel format that there is not: {name!r}") from None
        try:
            algorithm = algorithm_of(self._proof)
        except NotPossible:
            return name
        if not isinstance(algorithm, FrameAlgorithm):
            return name
        facts = replace(self.files["result"].index.facts, pixel_format=name)
        return working_facts(facts, algorithm.frames).pixel_format
