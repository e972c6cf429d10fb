"""Verb: produce one segment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops import registry
from media_ops.algorithm import Algorithm, EncoderSettings, FrameAlgorithm
from media_ops.errors import FrameLost, Unsupported
from media_ops.model import Metrics, Part, SegmentResult, Versions
from media_ops.on_stage import perform, read, with_work
from media_ops.requests import ProcessRequest, digests_of
from media_ops.storage.shelf import Shelf

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.aimed import Aimed
    from media_ops.encoders.segment import SegmentEncoder
    from media_ops.frames.index import Facts, Rows
    from media_ops.frames.reader import FrameReader
    from media_ops.performance import Performance
    from media_ops.storage import Store


def process(
    request: ProcessRequest,
    scratch: Path,
    on_progress: Callable[[int, int], None],
    on_key: Callable[[str], None] = lambda key: None,
) -> SegmentResult:
    """Read the segment's frames exactly, let the algorithm work, store the result under the attempt's own key.

    Where `request.reuse` says so, what was finished before is given instead. `on_progress` gets frames done and
    frames wanted, `on_key` is told under which content key another attempt may put the same. Raises `DamagedMedia`,
    `Unsupported`, `FrameLost`, `AlgorithmFailed`.
    """
    from media_ops.aimed import Aimed
    from media_ops.firstpass import seconds_of
    from media_ops.frames.index import Rows
    from media_ops.storage import fence, open_store

    algorithm = registry.get(request.algorithm).from_params(request.params)
    store = open_store(request.store)
    fence.take(store, request.fence)
    packed = read(store, request.segment.rows)
    rows = Rows.from_bytes(packed)
    at_work = perform(algorithm, rows, store, request) if isinstance(algorithm, FrameAlgorithm) else None
    shelf = Shelf(store, "segment")
    aimed = Aimed(algorithm, request, store, seconds_of(request.segment, rows))
    key = _content_key(request, algorithm, packed, at_work, aimed)
    if key:
        on_key(key)
    result = _found(shelf, key, request)
    if result is None:
        place = shelf.place(key, request.trace_id) if key else _place(request)
        result = _aimed(request, algorithm, rows, at_work, aimed, shelf, place, scratch, on_progress)
        fence.check(store, request.fence)
        if key and request.reuse and _is_of_what_was_probed(store, request):
            kept = shelf.keep(key, result.model_dump(mode="json"), result.parts, replace=request.reuse.force)
            # Another's result may count now; what this attempt cost, it cost all the same.
            counts = SegmentResult.model_validate(kept.made)
            result = counts.model_copy(update={"order": request.segment.order, "metrics": result.metrics})
    return result


def _is_of_what_was_probed(store: Store, request: ProcessRequest) -> bool:
    """Whether the source has been, until now, the one whose sha256 is in the content key."""
    from media_ops.storage.state import SourceState

    return SourceState.model_validate_json(read(store, f"{request.prefix}/source")).is_sure(request.source)


def _place(request: ProcessRequest) -> str:
    return f"{request.prefix}/segments/{request.segment.order:05d}/{request.trace_id}"


def _content_key(
    request: ProcessRequest, algorithm: Algorithm, rows: bytes, at_work: Performance | None, aimed: Aimed
) -> str | None:
    if request.reuse is None:
        return None
    from media_ops.content import segment_key
    from media_ops.storage.artefact import digest_of

    artefact = at_work.film.artefact if at_work else None
    return segment_key(
        algorithm,
        request.reuse.source_sha256,
        digests_of(request.files),
        request.segment,
        rows,
        None if artefact is None else digest_of(artefact),
        {
            "threads": request.threads,
            "conceal": request.conceal,
            "digests": request.digests,
            "seams": request.seams,
        }
        | aimed.counts,
    )


def _found(shelf: Shelf, key: str | None, request: ProcessRequest) -> SegmentResult | None:
    """Give the segment if it was finished before and is whole."""
    if key is None or (request.reuse and request.reuse.force):
        return None
    record = shelf.find(key)
    if record is None:
        return None
    found = SegmentResult.model_validate(record.made)
    return found.model_copy(update={"order": request.segment.order, "reused": True, "metrics": Metrics()})


class _Drawer:
    """The parts of one attempt, as they are stored below `place`."""

    def __init__(self, shelf: Shelf, place: str) -> None:
        self._shelf, self._place = shelf, place
        self.parts: list[Part] = []

    def put(self, ending: str, data: bytes | Path) -> Part:
        self.parts.append(self._shelf.put(f"{self._place}.{ending}", data))
        return self.parts[-1]


def _aimed(
    request: ProcessRequest,
    algorithm: Algorithm,
    rows: Rows,
    at_work: Performance | None,
    aimed: Aimed,
    shelf: Shelf,
    place: str,
    scratch: Path,
    on_progress: Callable[[int, int], None],
) -> SegmentResult:
    """Make the segment, and once more where it has missed its bit rate."""
    from media_ops.rate.passlog import stats_path

    aimed.prepare(scratch)
    with stats_path(scratch) as stats:
        settings: EncoderSettings | None = aimed.settings(stats)
        while settings:
            drawer = _Drawer(shelf, place)
            result = _made(request, algorithm, rows, at_work, settings, drawer, scratch, on_progress)
            settings = aimed.better(result.coded, stats)
    return result


def _made(
    request: ProcessRequest,
    algorithm: Algorithm,
    rows: Rows,
    at_work: Performance | None,
    settings: EncoderSettings,
    drawer: _Drawer,
    scratch: Path,
    on_progress: Callable[[int, int], None],
) -> SegmentResult:
    import av

    from media_ops.encoders.builds import array_versions
    from media_ops.encoders.ends import Ends
    from media_ops.encoders.fades import Fades
    from media_ops.encoders.kept import Kept
    from media_ops.frames.produced import produced_times
    from media_ops.frames.reader import FrameReader

    segment, rate = request.segment, algorithm.rate
    reader = FrameReader(request.source, rows, threads=request.threads, conceal=request.conceal)
    witness = _Witness(reader, request)
    own = slice(segment.start + segment.fade_in - rows.first, segment.end - rows.first)
    stop = int(rows.frame_pts[own.stop]) if own.stop < len(rows.frame_pts) else rows.ends
    times = produced_times(rows.frame_pts[own], stop, rate).tolist()
    encoded = scratch / "segment.nut"
    facts = at_work.facts if at_work else rows.facts
    ends = Ends(len(times)) if request.seams and not settings.lossless else None
    with (
        _encoder(encoded, settings, facts, times, request) as encoder,
        Fades(scratch, segment, encoder, rate) as fades,
    ):
        kept = Kept(encoder, ends)
        for rank, frames in at_work.frames(witness, segment) if at_work else witness.own():
            for frame in frames:
                if segment.ahead and rank >= segment.end:
                    if settings.ahead:
                        encoder.show(encoder.convert(frame))
                elif not fades.take(rank, frame):
                    kept.add(frame)
            on_progress(min(rank, segment.end - 1) + 1 - segment.start, segment.end - segment.start)
        extradata = encoder.finish()
    witness.exhaust()
    if len(kept) != len(times):
        raise FrameLost(f"segment {segment.order}: {len(kept)} frames of {len(times)} reached the encoder")
    measured = ends.psnr(encoded, request.threads) if ends else {}
    signatures = drawer.put("signatures", kept.signatures(times).to_bytes())
    digests = drawer.put("digests", "\n".join(witness.seen).encode()) if request.digests else None
    faded = {end: drawer.put(f"fade-{end}.nut", path).key for end, path in fades.files.items()}
    video = drawer.put("nut", encoded)
    metrics = Metrics(frames_decoded=reader.decoded, bytes_written=video.size + signatures.size)
    return SegmentResult(
        order=segment.order,
        start=segment.start,
        end=segment.end,
        trace_id=request.trace_id,
        key=video.key,
        parts=drawer.parts,
        signatures=signatures.key,
        fingerprints=witness.fingerprints,
        digests=digests.key if digests else None,
        codec_config=hashlib.sha256(extradata).hexdigest(),
        coded=encoder.size,
        versions=Versions(
            wheel=f"av {av.__version__}",
            libavcodec=".".join(map(str, av.library_versions["libavcodec"])),
            encoder=encoder.library_version,
            algorithm=f"{algorithm.name()} {algorithm.version}",
            arrays=", ".join(f"{name} {number}" for name, number in array_versions().items()) if at_work else "",
        ),
        metrics=with_work(metrics, at_work),
        warnings=list(encoder.target.warnings),
        fades=faded,
        ends=measured,
    )


class _Witness:
    """Frames as they are read; the digests of those at the segment's ends are noted on the way."""

    def __init__(self, reader: FrameReader, request: ProcessRequest) -> None:
        segment = request.segment
        self.fingerprints: dict[int, str] = {}
        self.seen: list[str] = []
        self._all = request.digests
        self._wanted = range(segment.start, segment.end)
        self._shown = range(segment.start, segment.end + segment.ahead)
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
        """Give the segment's own frames, and those behind it that the encoder is to see."""
        return ((rank, [frame]) for rank, frame in self if rank in self._shown)

    def exhaust(self) -> None:
        """Read what nobody asked for: the frame behind the end is the next segment's first."""
        for _ in self:
            pass


def _encoder(
    path: Path, settings: EncoderSettings, facts: Facts, times: list[int], request: ProcessRequest
) -> SegmentEncoder:
    from media_ops.encoders.segment import SegmentEncoder

    try:
        return SegmentEncoder(
            path, settings, facts, times, request.threads, ahead=bool(request.segment.ahead and settings.ahead)
        )
    except Unsupported as error:
        raise Unsupported(f"{request.source}: {error}", rule=error.rule) from error
