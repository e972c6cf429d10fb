"""Verb: look at a source, or at a part of it, before anything is processed.

A frame algorithm looks by itself; for an encode algorithm that aims at a bit rate this is the first pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops import registry
from media_ops.algorithm import Algorithm, EncodeAlgorithm, FrameAlgorithm
from media_ops.errors import ParamsInvalid
from media_ops.model import Metrics
from media_ops.on_stage import perform, read, rows_of, with_work
from media_ops.pulse import beat
from media_ops.renditions import Found, each_of
from media_ops.requests import AnalyseRequest, AnalyseResult, ConcludeRequest

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.frame import Artefact
    from media_ops.frames.reader import FrameReader


def analyse(request: AnalyseRequest, scratch: Path, on_progress: Callable[[int, int], None]) -> AnalyseResult:
    """Give the algorithm the pictures of one segment, store what it found under the attempt's own key.

    `on_progress` gets frames read. Raises `DamagedMedia`, `Unsupported`, `FrameLost`, `AlgorithmFailed`.
    """
    from media_ops.frames.reader import FrameReader
    from media_ops.storage import open_store
    from media_ops.storage.artefact import packed

    algorithm, store = _looking(request), open_store(request.store)
    if algorithm.several:
        return _ladder(request, scratch, on_progress)
    if isinstance(algorithm, EncodeAlgorithm):
        from media_ops.firstpass import Look, measure
        from media_ops.probing import probe_quality

        if algorithm.aim().bitrate:
            return measure(request, [Look("", algorithm, scratch)], on_progress)[0]
        return probe_quality(request, algorithm, scratch, on_progress)
    assert isinstance(algorithm, FrameAlgorithm)
    segment = request.segment
    at_work = perform(algorithm, rows_of(store, segment.rows), store, request)
    reader = FrameReader(
        request.source, rows_of(store, segment.rows), threads=request.threads, conceal=request.conceal
    )
    found = at_work.analysed(_counted(reader, on_progress), range(segment.start, segment.end))
    key = f"{request.prefix}/analysis/{segment.order:05d}/{request.trace_id}"
    data = packed(found)
    store.put(key, data)
    metrics = Metrics(frames_decoded=reader.decoded, bytes_written=len(data))
    return AnalyseResult(artefact=key, metrics=with_work(metrics, at_work))


def _ladder(request: AnalyseRequest, scratch: Path, on_progress: Callable[[int, int], None]) -> AnalyseResult:
    """Let each rendition that aims at something look; those with a bit rate share one decode."""
    from media_ops.firstpass import Look, analysis_key, measure
    from media_ops.probing import probe_quality
    from media_ops.storage import open_store

    store = open_store(request.store)
    lines = rows_of(store, request.segment.rows).facts.height
    looking = {name: (one, own) for name, one, own in each_of(request, store, lines) if one.looks() != "no"}
    found, rated = {}, []
    for name, (one, own) in looking.items():
        assert isinstance(one, EncodeAlgorithm)
        folder = scratch / f"of-{name}"
        folder.mkdir(exist_ok=True)
        if one.aim().bitrate:
            rated.append(Look(name, one, folder))
        else:
            own = own.model_copy(update={"trace_id": f"{request.trace_id}.{name}"})
            found[name] = probe_quality(own, one, folder, on_progress)
    if rated:
        found |= {look.name: one for look, one in zip(rated, measure(request, rated, on_progress), strict=True)}
    key = analysis_key(request, "")
    keys = {name: found[name].artefact for name in looking}
    store.put(key, Found(lines, keys).to_bytes())
    costs = [one.metrics for one in found.values()]
    decoded, written = (sum(getattr(cost, name) for cost in costs) for name in ("frames_decoded", "bytes_written"))
    return AnalyseResult(artefact=key, metrics=Metrics(frames_decoded=decoded, bytes_written=written))


def _concluded_ladder(request: ConcludeRequest, algorithm: Algorithm) -> AnalyseResult:
    """Conclude for each rendition that has looked."""
    from media_ops.storage import open_store

    store = open_store(request.store)
    parts = [Found.read(store, part) for part in request.parts]
    keys = {}
    for name, one in algorithm.renditions(parts[0].lines).items():
        if name in parts[0].keys:
            own = {
                "algorithm": one.name(),
                "params": one.params.model_dump(mode="json"),
                "parts": [part.keys[name] for part in parts],
                "trace_id": f"{request.trace_id}.{name}",
            }
            keys[name] = conclude(request.model_copy(update=own)).artefact
    key = f"{request.prefix}/artefact/{request.trace_id}"
    store.put(key, Found(parts[0].lines, keys).to_bytes())
    return AnalyseResult(artefact=key)


def conclude(request: ConcludeRequest) -> AnalyseResult:
    """Join what was found in the segments; raises `AlgorithmFailed`."""
    from media_ops.performance import guarded
    from media_ops.storage import open_store
    from media_ops.storage.artefact import packed, unpacked

    algorithm, store = _looking(request), open_store(request.store)
    if algorithm.several:
        return _concluded_ladder(request, algorithm)
    parts = []
    for part in request.parts:
        parts.append(unpacked(read(store, part)))
        beat()
    if isinstance(algorithm, EncodeAlgorithm):
        from media_ops.firstpass import shared
        from media_ops.probing import agreed

        joined: Artefact = (shared if algorithm.aim().bitrate else agreed)(algorithm, parts)
    else:
        assert isinstance(algorithm, FrameAlgorithm)
        joined = guarded(algorithm, "join", partial(algorithm.join, parts))
    key = f"{request.prefix}/artefact/{request.trace_id}"
    data = packed(joined)
    store.put(key, data)
    return AnalyseResult(artefact=key, metrics=Metrics(bytes_written=len(data)))


def _looking(request: AnalyseRequest | ConcludeRequest) -> Algorithm:
    algorithm: Algorithm = registry.get(request.algorithm).from_params(request.params)
    if algorithm.looks() == "no":
        raise ParamsInvalid(f"{request.algorithm} does not look at its source first")
    return algorithm


def _counted(reader: FrameReader, on_progress: Callable[[int, int], None]) -> Iterator[tuple[int, VideoFrame]]:
    total = len(reader.rows.order)
    for number, (rank, frame) in enumerate(reader):
        yield rank, frame
        on_progress(number + 1, total)
