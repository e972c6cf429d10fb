"""Segments on their way to the merge: those that the store lost are made once more."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from media_ops.errors import StoreUnavailable
from media_ops.model import SegmentResult
from media_ops.requests import MergeRequest, ProcessRequest
from media_ops.storage.gathered import Gathered

Process = Callable[[ProcessRequest, Path, Callable[[int, int], None]], SegmentResult]


def mended(
    request: MergeRequest, parts: Gathered, scratch: Path, process: Process
) -> tuple[list[SegmentResult], list[str]]:
    """Bring the parts of all segments to this machine; give the segments, and a warning for each made anew."""
    results, warnings = [], []
    for number, result in enumerate(request.results):
        if not parts.bring(result.parts):
            warnings.append(f"segment {result.order} was lost or damaged in the store, and was made once more")
            result = process(
                again(request, number), fresh_folder(scratch, f"again-{number}"), lambda done, total: None
            )
            if not parts.bring(result.parts):
                raise StoreUnavailable(f"segment {result.order} is lost or damaged again as soon as it is stored")
        results.append(result)
    return results, warnings


def again(request: MergeRequest, number: int) -> ProcessRequest:
    """Build the request by which a segment is made once more."""
    return ProcessRequest(
        source=request.source,
        kept=request.kept,
        store=request.store,
        prefix=request.prefix,
        segment=request.plan.segments[number].model_copy(update={"slice": None}),
        algorithm=request.algorithm,
        params=request.params,
        files=request.files,
        artefact=request.artefact,
        trace_id=str(uuid.uuid4()),
        threads=request.threads,
        conceal=request.conceal,
        digests=request.results[number].digests is not None,
        seams=request.seams != "off",
        # What the store says of its object may be true of another one than it gives: it is not asked again.
        reuse=request.reuse and request.reuse.model_copy(update={"force": True}),
    )


def fresh_folder(scratch: Path, name: str) -> Path:
    """Make a folder for what one more attempt writes."""
    folder = scratch / name
    folder.mkdir()
    return folder
