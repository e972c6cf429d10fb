"""Verb: produce one segment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops import registry
from media_ops.algorithm import EncoderSettings, FrameAlgorithm
from media_ops.errors import FrameLost, SourceChanged, Unsupported
from media_ops.model import Metrics, SegmentResult, Versions
from media_ops.requests import ProcessRequest, SegmentRequest

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.encoders.segment import SegmentEncoder
    from media_ops.frames.index import Facts, Rows
    from media_ops.frames.reader import FrameReader
    from media_ops.performance import Performance
    from media_ops.storage import Store


def process(request: ProcessRequest, scratch: Path, on_progress: Callable[[int, int], None]) -> SegmentResult:
    """Read the segment's frames exactly, let the algorithm work, store the result under the attempt's own key.

    `on_progress` gets frames done and frames wanted. Raises `DamagedMedia`, `Unsupported`, `FrameLost`,
    `AlgorithmFailed`.
    """
    import av

    from media_ops.container.software import array_versions
    from media_ops.encoders.chosen import settings_of
    from media_ops.encoders.fades import Fades
    from media_ops.encoders.kept import Kept
    from media_ops.frames.produced import produced_times
    from media_ops.frames.reader import FrameReader
    from media_ops.storage import open_store

    algorithm = registry.get(request.algorithm).from_params(request.params)
    segment, store = request.segment, open_store(request.store)
    rows = rows_of(store, segment.rows)
    reader = FrameReader(request.source, rows, threads=request.threads, conceal=request.conceal)
    witness = _Witness(reader, request)
    at_work = perform(algorithm, rows, store, request) if isinstance(algorithm, FrameAlgorithm) else None
    rate = algorithm.rate
    own = slice(segment.start + segment.fade_in - rows.first, segment.end - rows.first)
    stop = int(rows.frame_pts[own.stop]) if own.stop < len(rows.frame_pts) else rows.ends
    times = produced_times(rows.frame_pts[own], stop, rate).tolist()
    encoded = scratch / "segment.nut"
    facts = at_work.facts if at_work else rows.facts
    with (
        _encoder(encoded, settings_of(algorithm), facts, times, request) as encoder,
        Fades(scratch, segment, encoder, rate) as fades,
    ):
        kept = Kept(encoder)
        for rank, frames in at_work.frames(witness, segment) if at_work else witness.own():
            for frame in frames:
                if not fades.take(rank, frame):
                    kept.add(frame)
            on_progress(min(rank, segment.end - 1) + 1 - segment.start, segment.end - segment.start)
        extradata = encoder.finish()
    witness.exhaust()
    if len(kept) != len(times):
        raise FrameLost(f"segment {segment.order}: {len(kept)} frames of {len(times)} reached the encoder")
    key = f"{request.prefix}/segments/{segment.order:05d}/{request.trace_id}"
    sha256, size = _digest(encoded), encoded.stat().st_size
    signatures = kept.signatures(times).to_bytes()
    store.put(f"{key}.signatures", signatures)
    store.put(f"{key}.nut", encoded)
    if request.digests:
        store.put(f"{key}.digests", "\n".join(witness.seen).encode())
    metrics = Metrics(frames_decoded=reader.decoded, bytes_written=size + len(signatures))
    result = SegmentResult(
        order=segment.order,
        start=segment.start,
        end=segment.end,
        trace_id=request.trace_id,
        key=f"{key}.nut",
        sha256=sha256,
        size=size,
        signatures=f"{key}.signatures",
        fingerprints=witness.fingerprints,
        digests=f"{key}.digests" if request.digests else None,
        codec_config=hashlib.sha256(extradata).hexdigest(),
        versions=Versions(
            wheel=f"av {av.__version__}",
            libavcodec=".".join(map(str, av.library_versions["libavcodec"])),
            encoder=encoder.library_version,
            algorithm=f"{algorithm.name()} {algorithm.version}",
            arrays=", ".join(f"{name} {number}" for name, number in array_versions().items()) if at_work else "",
        ),
        metrics=with_work(metrics, at_work),
        warnings=list(encoder.target.warnings),
        fades=fades.store(store, key),
    )
    # Beside what is cleared away after the job: what an attempt cost is for planning to learn from.
    store.put(f"{request.prefix}/traces/{segment.order:05d}-{request.trace_id}", result.model_dump_json().encode())
    return result


def rows_of(store: Store, key: str) -> Rows:
    """Read a segment's own rows of the index."""
    from media_ops.frames.index import Rows

    with store.open(key) as file:
        return Rows.from_bytes(file.read())


def perform(algorithm: FrameAlgorithm, rows: Rows, store: Store, request: SegmentRequest) -> Performance:
    """Give the algorithm its film, the files that its parameters name, and what its analysis found."""
    from media_ops.performance import Performance
    from media_ops.storage.artefact import unpacked

    files = {}
    for name, stored in request.files.items():
        with store.open(stored.key) as file:
            files[name] = file.read()
        if hashlib.sha256(files[name]).hexdigest() != stored.sha256:
            raise SourceChanged(f"the stored file of parameter {name!r} is not the one that the job began with")
    artefact = None
    if request.artefact:
        with store.open(request.artefact) as file:
            artefact = unpacked(file.read())
    return Performance(algorithm, rows, files, artefact)


def with_work(metrics: Metrics, at_work: Performance | None) -> Metrics:
    """Add what the algorithm cost."""
    if at_work is None:
        return metrics
    film = at_work.film
    return metrics.model_copy(
        update={
            "algorithm_cpu_seconds": round(at_work.algorithm_seconds, 4),
            "moving_cpu_seconds": round(at_work.moving_seconds, 4),
            "megapixel_frames": round(at_work.calls * film.width * film.height / 1e6, 6),
        }
    )


class _Witness:
    """Frames as they are read; the digests of those at the segment's ends are noted on the way."""

    def __init__(self, reader: FrameReader, request: ProcessRequest) -> None:
        segment = request.segment
        self.fingerprints: dict[int, str] = {}
        self.seen: list[str] = []
        self._all = request.digests
        self._wanted = range(segment.start, segment.end)
        self._marked = {segment.start - 1, segment.start, segment.end - 1, segment.end}
        self._frames = iter(reader)

    def __iter__(self) -> Iterator[tuple[int, VideoFrame]]:
        from media_ops.frames.fingerprint import fingerprint

        for rank, frame in self._frames:
            if rank in self._marked:
                self.fingerprints[rank] = fingerprint(frame)
            if self._all and rank in self._wanted:
                self.seen.append(f"{frame.pts} {self.fingerprints.get(rank) or fingerprint(frame)}")
            yield rank, frame

    def own(self) -> Iterator[tuple[int, list[VideoFrame]]]:
        """Give the segment's own frames."""
        return ((rank, [frame]) for rank, frame in self if rank in self._wanted)

    def exhaust(self) -> None:
        """Read what nobody asked for: the frame behind the end is the next segment's first."""
        for _ in self:
            pass


def _encoder(
    path: Path, settings: EncoderSettings, facts: Facts, times: list[int], request: ProcessRequest
) -> SegmentEncoder:
    from media_ops.encoders.segment import SegmentEncoder

    try:
        return SegmentEncoder(path, settings, facts, times, request.threads)
    except Unsupported as error:
        raise Unsupported(f"{request.source}: {error}", rule=error.rule) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
