"""What a job handed to its encoder, made again from the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops import registry
from media_ops.algorithm import Algorithm, FrameAlgorithm
from media_ops.errors import MediaError, ParamsInvalid, Unsupported, WorldError
from media_ops.model import Proof, Segment
from media_ops.proof.report import NotPossible

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.frame import Artefact
    from media_ops.frames.index import FrameIndex, Rows
    from media_ops.performance import Performance

Read = Callable[["Rows"], Iterator[tuple[int, "VideoFrame"]]]
_STORE = "memory://check"


def algorithm_of(proof: Proof) -> Algorithm:
    """Give the algorithm as it was asked for; raises `NotPossible` where this installation has none such."""
    try:
        return registry.get(proof.algorithm).from_params(proof.params)
    except WorldError:
        raise
    except MediaError as error:
        raise NotPossible(str(error)) from None


class Again:
    """The work of a job on some of its source's frames; raises `NotPossible` where only the job itself could do it.

    `exact` says whether its frames are bit by bit what the encoder was given, `slack` how far a correct result may be
    from them beside that, in code values, `size` their width and height. `read` gives the source's frames.
    """

    def __init__(self, proof: Proof, index: FrameIndex, ranges: Sequence[range], *, full: bool, read: Read) -> None:
        self.algorithm = algorithm_of(proof)
        self.ranges = ranges
        self.exact, self.slack, self.rate = True, 0.0, self.algorithm.rate
        self.size = _size(self.algorithm, index)
        self._index = index
        self._read = read
        self._segments: list[Segment] = []
        if isinstance(self.algorithm, FrameAlgorithm):
            self._prepare(self.algorithm, proof, full)

    def frames(self, scratch: Path) -> Iterator[tuple[int, VideoFrame]]:
        """Give (rank in the result, frame in the encoder's own format)."""
        from media_ops.encoders.chosen import settings_of
        from media_ops.encoders.segment import SegmentEncoder
        from media_ops.frames.produced import result_index

        facts = result_index(self.algorithm, self._index).facts
        with SegmentEncoder(scratch / "unused.nut", settings_of(self.algorithm), facts, [0], 1) as encoder:
            for rank, frame in self._made():
                yield rank, encoder.convert(frame)

    def _made(self) -> Iterator[tuple[int, VideoFrame]]:
        if not isinstance(self.algorithm, FrameAlgorithm):
            for part in self.ranges:
                yield from self._read(self._index.rows(part.start, part.stop))
            return
        for segment in self._segments:
            performance, rows = self._performance(segment)
            reading = self._read(rows)
            for rank, frames in performance.frames(reading, segment):
                if rank < segment.end:
                    yield from ((rank * self.rate + number, frame) for number, frame in enumerate(frames))
            for _ in reading:
                pass

    def _prepare(self, algorithm: FrameAlgorithm, proof: Proof, full: bool) -> None:
        from media_ops.cut import segments_at
        from media_ops.storage import open_store

        _refuse(algorithm, proof, full)
        frames = self._index.frames
        self._files = _files(algorithm, proof)
        if full:  # the job's own segments: what a memory has not forgotten yet is the same, too
            self.ranges = [range(frames)]
            inner = {joint.rank // self.rate for joint in proof.joints}
        else:
            inner = {edge for part in self.ranges for edge in (part.start, part.stop)}
            self.exact = algorithm.exactness == "exact"
            self.slack = 0.0 if self.exact else _CONVERGED
        edges = sorted({0, frames, *(edge for edge in inner if 0 < edge < frames)})
        segments = segments_at(self._index, edges, algorithm.need(), open_store(_STORE), "again")
        self._segments = [s for s in segments if any(s.start in part for part in self.ranges)]
        self._artefact: Artefact = {}
        self._artefact = self._analysed(algorithm)

    def _performance(self, segment: Segment) -> tuple[Performance, Rows]:
        """Give a fresh algorithm, as each segment of a job has one."""
        from media_ops.performance import Performance

        rows = self._index.rows(segment.first, segment.last)
        algorithm = type(self.algorithm)(self.algorithm.params)
        assert isinstance(algorithm, FrameAlgorithm)
        return Performance(algorithm, rows, self._files, self._artefact), rows

    def _analysed(self, algorithm: FrameAlgorithm) -> Artefact:
        from media_ops.performance import guarded
        from media_ops.storage.artefact import packed, unpacked

        how = algorithm.looks()
        if how == "no":
            return {}
        parts = []
        for segment in self._segments if how == "joined" else [self._whole()]:
            performance, rows = self._performance(segment)
            found = performance.analysed(self._read(rows), range(segment.start, segment.end))
            parts.append(unpacked(packed(found)))
        if how == "whole":
            return parts[0]
        return unpacked(packed(guarded(algorithm, "join", lambda: algorithm.join(parts))))

    def _whole(self) -> Segment:
        frames = self._index.frames
        return Segment(order=0, start=0, end=frames, first=0, last=frames, label="", rows="")


# Twice the distance of two frames that are 60 dB apart, in code values: that of either run from one over the whole.
_CONVERGED = 2 * 255 / 10**3


def _size(algorithm: Algorithm, index: FrameIndex) -> tuple[int, int]:
    from media_ops.encoders.chosen import settings_of
    from media_ops.encoders.formats import choose_target
    from media_ops.frames.produced import result_index

    settings = settings_of(algorithm)
    try:
        target = choose_target(settings.codec, result_index(algorithm, index).facts, settings.height)
    except Unsupported as error:
        raise NotPossible(str(error)) from None
    return target.width, target.height


def _refuse(algorithm: FrameAlgorithm, proof: Proof, full: bool) -> None:
    name = algorithm.name()
    if proof.algorithm_version != algorithm.version:
        raise NotPossible(f"it was made by {name} {proof.algorithm_version}, this is {name} {algorithm.version}")
    if proof.exactness == "blended":
        raise NotPossible(f"segments of {name} were cross-faded, which only the job itself could do")
    reason = ""
    if algorithm.looks() != "no":
        reason = f"{name} looks at the whole film first"
    elif algorithm.need().unbounded or algorithm.exactness == "blended":
        reason = f"{name} has to begin where the job began"
    elif proof.damaged:
        reason = "damaged pictures are what they were only when decoded from the beginning on"
    if reason and not full:
        raise NotPossible(f"{reason}: --full does it")


def _files(algorithm: FrameAlgorithm, proof: Proof) -> dict[str, bytes]:
    """Read the files that the parameters name, if they are still those of the job."""
    from media_ops.files import keep_files
    from media_ops.storage import open_store

    try:
        records, contents = keep_files(algorithm, open_store(_STORE), "again")
    except ParamsInvalid as error:
        raise NotPossible(str(error)) from None
    for name in sorted(records.keys() | proof.files.keys()):
        found, said = records.get(name), proof.files.get(name)
        if found is None:
            raise NotPossible(f"the file of parameter {name} is gone")
        if said is None or found.sha256 != said:
            raise NotPossible(f"the file of parameter {name} is no longer the one that the job began with")
    return contents
