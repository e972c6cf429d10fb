"""Verb: produce one segment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from media_ops import registry
from media_ops.algorithm import EncodeAlgorithm
from media_ops.errors import FrameLost, ParamsInvalid, Unsupported
from media_ops.model import Metrics, ProcessRequest, SegmentResult, Versions


def process(request: ProcessRequest, scratch: Path, on_progress: Callable[[int, int], None]) -> SegmentResult:
    """Read the segment's frames exactly, hand them to the encoder, store the result under the attempt's own key.

    `on_progress` gets frames done and frames wanted. Raises `DamagedMedia`, `Unsupported`, `FrameLost`.
    """
    import av
    import numpy as np

    from media_ops.encoders.segment import SegmentEncoder
    from media_ops.frames.fingerprint import exact_digest, fingerprint
    from media_ops.frames.index import Rows
    from media_ops.frames.reader import FrameReader
    from media_ops.frames.signature import signature
    from media_ops.frames.signatures import Signatures
    from media_ops.storage import open_store

    algorithm = registry.get(request.algorithm).from_params(request.params)
    if not isinstance(algorithm, EncodeAlgorithm):
        raise ParamsInvalid(f"{request.algorithm} is no encode algorithm")
    segment, store = request.segment, open_store(request.store)
    with store.open(segment.rows) as rows_file:
        rows = Rows.from_bytes(rows_file.read())
    wanted = range(segment.start, segment.end)
    times = rows.frame_pts[segment.start - rows.first : segment.end - rows.first].tolist()
    marked = {segment.start - 1, segment.start, segment.end - 1, segment.end}
    fingerprints: dict[int, str] = {}
    cells = []
    digests = []
    seen: list[str] = []
    reader = FrameReader(request.source, rows, threads=request.threads, conceal=request.conceal)
    encoded = scratch / "segment.nut"
    try:
        prepared = SegmentEncoder(encoded, algorithm.settings(), rows.facts, times, request.threads)
    except Unsupported as error:
        raise Unsupported(f"{request.source}: {error}", rule=error.rule) from error
    with prepared as encoder:
        lossless = encoder.lossless
        for rank, frame in reader:
            if rank in marked:
                fingerprints[rank] = fingerprint(frame)
            if rank not in wanted:
                continue
            if lossless:
                digests.append(np.frombuffer(exact_digest(frame, rows.facts.pixel_format), np.uint8))
            if request.digests:
                seen.append(f"{frame.pts} {fingerprints.get(rank) or fingerprint(frame)}")
            converted = encoder.convert(frame)
            cells.append(signature(converted))
            encoder.encode(converted)
            on_progress(len(cells), len(wanted))
        extradata = encoder.finish()
    if len(cells) != len(wanted):
        raise FrameLost(f"segment {segment.order}: {len(cells)} frames of {len(wanted)} reached the encoder")
    exact = np.reshape(digests, (-1, 32)).astype(np.uint8)
    signatures = Signatures(np.asarray(times, np.int64), np.stack(cells), exact).to_bytes()
    key = f"{request.prefix}/segments/{segment.order:05d}/{request.trace_id}"
    sha256, size = _digest(encoded), encoded.stat().st_size
    store.put(f"{key}.signatures", signatures)
    store.put(f"{key}.nut", encoded)
    if request.digests:
        store.put(f"{key}.digests", "\n".join(seen).encode())
    return SegmentResult(
        order=segment.order,
        start=segment.start,
        end=segment.end,
        trace_id=request.trace_id,
        key=f"{key}.nut",
        sha256=sha256,
        size=size,
        signatures=f"{key}.signatures",
        fingerprints=fingerprints,
        digests=f"{key}.digests" if request.digests else None,
        codec_config=hashlib.sha256(extradata).hexdigest(),
        versions=Versions(
            wheel=f"av {av.__version__}",
            libavcodec=".".join(map(str, av.library_versions["libavcodec"])),
            encoder=encoder.library_version,
        ),
        metrics=Metrics(frames_decoded=reader.decoded, bytes_written=size + len(signatures)),
        warnings=list(encoder.target.warnings),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
