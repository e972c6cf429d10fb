"""The first pass over a segment, and what all of them together say: each segment's share of the bits."""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from media_ops.algorithm import EncodeAlgorithm, EncoderSettings
from media_ops.encoders.passes import FIRST_PASS_FILES, coarsest, first_crf, first_pass
from media_ops.errors import FrameLost, ParamsInvalid
from media_ops.model import Metrics, Segment
from media_ops.on_stage import rows_of
from media_ops.rate.aim import Aim, told
from media_ops.rate.share import Measured, share
from media_ops.requests import AnalyseRequest, AnalyseResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from media_ops.frames.index import Facts, Rows
    from media_ops.frames.reader import FrameReader
    from media_ops.storage import Store

    Arrays = Mapping[str, NDArray[Any]]

# How much coarser than CRF 48 or 60 an encoder can become: about twice fewer bits.
_LEFT = 0.4
# An encoder that is asked for all that a buffer can be filled with has no room for large pictures.
_BELOW = 0.95


class Look(NamedTuple):
    """A first pass that is wanted: of which rendition, by what, in which folder; a plain job's has no name."""

    name: str
    algorithm: EncodeAlgorithm
    folder: Path


def measure(
    request: AnalyseRequest, looks: Sequence[Look], on_progress: Callable[[int, int], None]
) -> list[AnalyseResult]:
    """Encode the segment once, quickly; store what its second pass needs and what all segments must know of it.

    For several renditions it is decoded once.
    """
    from media_ops.frames.reader import FrameReader
    from media_ops.rate import passlog
    from media_ops.storage import open_store

    store, segment = open_store(request.store), request.segment
    rows = rows_of(store, segment.rows)
    reader = FrameReader(request.source, rows, threads=request.threads, conceal=request.conceal)
    with contextlib.ExitStack() as opened:
        stats = [opened.enter_context(passlog.stats_path(look.folder)) for look in looks]
        settings = [_first(look.algorithm, rows.facts, path) for look, path in zip(looks, stats, strict=True)]
        files = [look.folder / "first.nut" for look in looks]
        sizes = _encode(reader, rows, request, settings, files, on_progress)
    gc.collect()  # the encoder closes its files when it goes
    made = [_noted(request, look, rows, size, store) for look, size in zip(looks, sizes, strict=True)]
    decoded = made[0].metrics.model_copy(update={"frames_decoded": reader.decoded})
    return [made[0].model_copy(update={"metrics": decoded}), *made[1:]]


def _noted(request: AnalyseRequest, look: Look, rows: Rows, size: int, store: Store) -> AnalyseResult:
    """Store what a first pass left, and what it came to."""
    import numpy as np

    from media_ops.rate import passlog
    from media_ops.storage.artefact import packed

    segment = request.segment
    spent, digest, written = (8.0 * size, 0.0, 0.0), "", 0
    if look.algorithm.encoder().codec in FIRST_PASS_FILES:
        passlog.trim(look.folder, segment.end - segment.start)
        frames, *noted = passlog.spent(look.folder)
        if frames != segment.end - segment.start:
            raise FrameLost(f"segment {segment.order}: its first pass noted {frames} frames")
        spent = (float(noted[0]), float(noted[1]), float(noted[2]))
        data, digest = passlog.packed(look.folder)
        written = len(data)
        store.put(passlog_key(request.prefix, digest), data)
    found = packed(
        {
            "start": np.array(segment.start),
            "seconds": np.array(seconds_of(segment, rows)),
            "spent": np.array(spent),
            "crf": np.array(_crf(look.algorithm, rows.facts)),
            "passlog": np.array(digest),
        }
    )
    key = analysis_key(request, look.name)
    store.put(key, found)
    return AnalyseResult(artefact=key, metrics=Metrics(bytes_written=written + len(found)))


def shared(algorithm: EncodeAlgorithm, parts: Sequence[Arrays]) -> dict[str, NDArray[Any]]:
    """Share the film's bits over its segments: `starts` are their first ranks, `rates` their bits a second."""
    import numpy as np

    aim, codec = algorithm.aim(), algorithm.encoder().codec
    assert aim.bitrate is not None
    measured = [Measured(float(part["seconds"]), *(float(number) for number in part["spent"])) for part in parts]
    rates, coarser = share(measured, aim.bitrate, max(aim.bitrate, _BELOW * aim.maxrate) if aim.maxrate else math.inf)
    made = sum(one.bits(0) for one in measured) / sum(one.seconds for one in measured)
    if float(parts[0]["crf"]) >= coarsest(codec) and _LEFT * made > aim.bitrate:
        raise ParamsInvalid(
            f"bitrate: this film cannot have {told(aim.bitrate)}: at CRF {coarsest(codec):g} it has {told(made)}",
            rule="rate-too-low",
        )
    return {
        "starts": np.array([int(part["start"]) for part in parts]),
        "rates": np.array(rates),
        "passlogs": np.array([str(part["passlog"]) for part in parts]),
        "coarser": np.array(coarser),
    }


def analysis_key(request: AnalyseRequest, name: str) -> str:
    """Name what an attempt found in a segment, for the rendition of a name or for all of the job."""
    key = f"{request.prefix}/analysis/{request.segment.order:05d}/{request.trace_id}"
    return f"{key}.{name}" if name else key


def passlog_key(prefix: str, digest: str) -> str:
    """Name what a first pass left for the second one by what is in it."""
    return f"{prefix}/analysis/passlog-{digest}"


def seconds_of(segment: Segment, rows: Rows) -> float:
    """How long a segment is shown."""
    start, stop = segment.start - rows.first, segment.end - rows.first
    ends = int(rows.frame_pts[stop]) if stop < len(rows.frame_pts) else rows.ends
    return float((ends - int(rows.frame_pts[start])) * rows.facts.time_base)


def _first(algorithm: EncodeAlgorithm, facts: Facts, stats: str) -> EncoderSettings:
    from media_ops.encoders.chosen import settings_of

    return first_pass(settings_of(algorithm), _crf(algorithm, facts), stats)


def _crf(algorithm: EncodeAlgorithm, facts: Facts) -> float:
    from media_ops.encoders.formats import scaled_size

    aim: Aim = algorithm.aim()
    width, height = scaled_size(facts, algorithm.settings().height)
    assert aim.bitrate is not None
    return first_crf(algorithm.encoder().codec, aim.bitrate / float(width * height * (facts.rate or 25)))


def _encode(
    reader: FrameReader,
    rows: Rows,
    request: AnalyseRequest,
    settings: Sequence[EncoderSettings],
    paths: Sequence[Path],
    on_progress: Callable[[int, int], None],
) -> list[int]:
    """Encode the segment's own frames with each of the settings; give the bytes that came of them."""
    from media_ops.encoders.segment import SegmentEncoder

    segment = request.segment
    wanted = range(segment.start, segment.end)
    times = rows.frame_pts[segment.start - rows.first : segment.end - rows.first].tolist()
    ahead = range(segment.end, segment.end + segment.ahead)
    with contextlib.ExitStack() as opened:
        encoders = [
            opened.enter_context(
                SegmentEncoder(
                    path, how, rows.facts, times, request.threads, rows.begins, ahead=bool(ahead and how.ahead)
                )
            )
            for path, how in zip(paths, settings, strict=True)
        ]
        looking = [encoder for encoder, how in zip(encoders, settings, strict=True) if how.ahead]
        for rank, frame in reader:
            if rank in wanted:
                for encoder in encoders:
                    encoder.encode(encoder.convert(frame))
                on_progress(rank + 1 - segment.start, len(wanted))
            elif rank in ahead:
                for encoder in looking:
                    encoder.show(encoder.convert(frame))
        for encoder in encoders:
            encoder.finish()
    for path in paths:
        path.unlink()
    return [encoder.size for encoder in encoders]
