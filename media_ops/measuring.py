"""Verb: measure one segment of what was made of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from media_ops import registry
from media_ops.algorithm import MeasureAlgorithm, Measured
from media_ops.errors import AlgorithmFailed, FrameLost, ParamsInvalid
from media_ops.model import Metrics
from media_ops.on_stage import read, rows_of
from media_ops.requests import MeasureRequest, MeasureResult

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.frames.reader import FrameReader

FRAME = "frame"  # the rank of each row


def measure_segment(request: MeasureRequest, on_progress: Callable[[int, int], None]) -> MeasureResult:
    """Read the segment's frames of both films exactly, store the numbers of its own under the attempt's own key.

    `on_progress` gets frames read. Raises `DamagedMedia`, `Unsupported`, `FrameLost`, `AlgorithmFailed`.
    """
    import av
    import numpy as np

    from media_ops.encoders.builds import array_versions
    from media_ops.frames.index import FrameIndex
    from media_ops.frames.reader import FrameReader
    from media_ops.storage import open_store
    from media_ops.storage.artefact import packed

    algorithm, segment = measuring(request.algorithm, request.params), request.segment
    store = open_store(request.store)
    rows = rows_of(store, segment.rows)
    made = FrameIndex.from_bytes(read(store, request.files[algorithm.beside].key))
    path = str(getattr(algorithm.params, algorithm.beside))
    pairs = _Pairs(
        FrameReader(request.source, rows, threads=request.threads, conceal=request.conceal),
        FrameReader(path, made.rows(segment.first, segment.last), threads=request.threads),
        {segment.start, segment.end},
        on_progress,
    )
    measured = algorithm.measure(pairs, request.threads)
    ranks = list(range(segment.first, segment.last))
    if pairs.ranks != ranks:
        raise FrameLost(f"segment {segment.order}: {len(pairs.ranks)} of {len(ranks)} frames were measured")
    own = slice(segment.start - segment.first, segment.end - segment.first)
    key = f"{request.prefix}/measured/{segment.order:05d}/{request.trace_id}"
    data = packed({FRAME: np.array(ranks[own])} | _own(algorithm, measured, len(ranks), own))
    store.put(key, data)
    versions = {"av": av.__version__, algorithm.name(): algorithm.version} | array_versions()
    return MeasureResult(
        order=segment.order,
        start=segment.start,
        end=segment.end,
        key=key,
        fingerprints=pairs.fingerprints,
        told=dict(measured.told),
        notes=list(measured.notes),
        versions=", ".join(f"{name} {number}" for name, number in versions.items()),
        metrics=Metrics(frames_decoded=sum(reader.decoded for reader in pairs.readers), bytes_written=len(data)),
    )


def measuring(name: str, params: dict[str, Any]) -> MeasureAlgorithm:
    """Give an algorithm that measures; raise `ParamsInvalid` for one that does not."""
    algorithm = registry.get(name).from_params(params)
    if not isinstance(algorithm, MeasureAlgorithm):
        raise ParamsInvalid(f"{name} does not measure: it makes a film")
    return algorithm


def _own(algorithm: MeasureAlgorithm, measured: Measured, count: int, own: slice) -> dict[str, Any]:
    wrong = {name: len(values) for name, values in measured.rows.items() if len(values) != count}
    if wrong:
        raise AlgorithmFailed(f"{algorithm.name()} gave {wrong} numbers for {count} pairs of frames")
    return {name: values[own] for name, values in measured.rows.items()}


class _Pairs:
    """Frames of both films, rank by rank; the digests of those at joints are noted on the way."""

    def __init__(
        self, source: FrameReader, made: FrameReader, marked: set[int], on_progress: Callable[[int, int], None]
    ) -> None:
        self.readers = source, made
        self.ranks: list[int] = []
        self.fingerprints: dict[int, str] = {}
        self._marked = marked
        self._on_progress = on_progress

    def __iter__(self) -> Iterator[tuple[VideoFrame, VideoFrame]]:
        from media_ops.frames.fingerprint import fingerprint

        total = len(self.readers[0].rows.order)
        for (rank, one), (other_rank, other) in zip(*self.readers, strict=True):
            if rank != other_rank:
                raise FrameLost(f"frame {rank} of the source met frame {other_rank} of what was made of it")
            if rank in self._marked:
                self.fingerprints[rank] = f"{fingerprint(one)} {fingerprint(other)}"
            self.ranks.append(rank)
            yield one, other
            self._on_progress(len(self.ranks), total)
