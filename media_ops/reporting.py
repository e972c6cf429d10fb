"""Verb: join what was measured in the segments, and publish the document that says it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.algorithm import MeasureAlgorithm, Measured, Subject
from media_ops.documents import publish_documents, stem_of
from media_ops.errors import SegmentsDisagree
from media_ops.measuring import FRAME, measuring
from media_ops.model import Metrics, Plan
from media_ops.on_stage import read
from media_ops.requests import Measurement, MeasureResult, ReportRequest, ReportResult, digests_of
from media_ops.second import state_key

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex
    from media_ops.storage import Store


def report(request: ReportRequest, scratch: Path, on_progress: Callable[[int, int], None]) -> ReportResult:
    """Check that every frame was measured exactly once, of the same two files; publish the document.

    Raises `SegmentsDisagree`, `SourceChanged`, `OutputExists`; then nothing is published.
    """
    from media_ops.frames.index import FrameIndex
    from media_ops.storage import fence, open_store
    from media_ops.storage.publish import scratch_beside

    store = open_store(request.store)
    fence.take(store, request.fence)
    algorithm = measuring(request.algorithm, request.params)
    index = FrameIndex.from_bytes(read(store, request.index))
    check_segments(request.plan, request.results)
    measured = joined(store, request.results, index.frames)
    on_progress(index.frames, index.frames)
    subject = Subject(
        source=request.source,
        made=str(getattr(algorithm.params, algorithm.beside)),
        times=[pts * index.facts.time_base for pts in index.frame_pts.tolist()],
        stem=stem_of(request.output),
        measurement=_measurement(request, algorithm, store, index),
    )
    with scratch_beside(scratch / "documents") as folder:
        document = algorithm.report(measured, subject, folder)
        data = (document.model_dump_json(indent=1) + "\n").encode()
        films = [subject.source, subject.made]
        output, *files = publish_documents(
            data, folder, request.output, films, request.replace, lambda: fence.check(store, request.fence)
        )
    return ReportResult(
        output=output,
        files=files,
        frames=index.frames,
        summary={name: float(sum(values) / len(values)) for name, values in measured.rows.items()},
        metrics=Metrics(bytes_written=len(data)),
        warnings=list(dict.fromkeys([*request.plan.warnings, *measured.notes])),
    )


def check_segments(plan: Plan, results: Sequence[MeasureResult]) -> None:
    """Raise `SegmentsDisagree` unless these are the planned segments, measured alike, and agree at their joints."""
    wanted = [(segment.order, segment.start, segment.end) for segment in plan.segments]
    given = [(result.order, result.start, result.end) for result in results]
    if wanted != given:
        raise SegmentsDisagree(
            f"planned segments {wanted[:3]}... but got {given[:3]}... ({len(given)} of {len(wanted)})"
        )
    for left, right in pairwise(results):
        if (left.versions, left.told) != (right.versions, right.told):
            raise SegmentsDisagree(f"segments {left.order} and {right.order} were measured in different ways")
        seen = [side.fingerprints.get(right.start) for side in (left, right)]
        if seen[0] != seen[1] or seen[0] is None:
            raise SegmentsDisagree(
                f"frame {right.start} at the joint of segments {left.order} and {right.order} is not the same frame"
            )


def joined(store: Store, results: Sequence[MeasureResult], frames: int) -> Measured:
    """Lay the numbers of all segments end to end; raise `SegmentsDisagree` unless each frame has them once."""
    import numpy as np

    from media_ops.storage.artefact import unpacked

    parts = [unpacked(read(store, result.key)) for result in results]
    names = [sorted(part) for part in parts]
    if any(other != names[0] for other in names):
        raise SegmentsDisagree(f"segments have different numbers: {names[0]} and others")
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    ranks = rows.pop(FRAME)
    if ranks.tolist() != list(range(frames)):
        raise SegmentsDisagree(f"{len(ranks)} frames were measured, not each of {frames} exactly once")
    notes = list(dict.fromkeys(note for result in results for note in result.notes))
    return Measured(rows, results[0].told, notes)


def _measurement(request: ReportRequest, algorithm: MeasureAlgorithm, store: Store, index: FrameIndex) -> Measurement:
    """Say what was measured; raise `SourceChanged` if either file is no longer the one that was probed."""
    from media_ops.storage.state import SourceState
    from media_ops.verify import times_digest

    source = SourceState.model_validate_json(read(store, f"{request.prefix}/source"))
    source.check(request.source)
    made = SourceState.model_validate_json(read(store, state_key(request.prefix)))
    made.check(str(getattr(algorithm.params, algorithm.beside)))
    own = set(algorithm.file_params())
    return Measurement(
        algorithm=algorithm.name(),
        algorithm_version=algorithm.version,
        params=algorithm.params.model_dump(mode="json", exclude=own),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        source_sha256=source.sha256,
        files=digests_of(request.files),
        frames=index.frames,
        pts_digest=times_digest(pts * index.facts.time_base for pts in index.frame_pts.tolist()),
        slicing=request.plan.slicing,
        joints=[result.start for result in request.results[1:]],
        versions=request.results[0].versions,
    )
