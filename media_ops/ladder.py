"""The merge of a ladder: each rendition is joined and proved as a plain job's, then all are published."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.errors import OurError, ProofFailed, SegmentsDisagree
from media_ops.manifest import (
    Manifest,
    Rendered,
    check_free,
    common,
    manifest_of,
    output_of,
    publish_manifest,
    withdraw,
)
from media_ops.mended import Process
from media_ops.merge import OnProgress, Proved, proved
from media_ops.model import Metrics, SegmentResult
from media_ops.on_stage import read
from media_ops.publishing import Wanted
from media_ops.renditions import each_of
from media_ops.requests import MergeRequest, MergeResult

if TYPE_CHECKING:
    from media_ops.storage import Store


def merge_ladder(
    request: MergeRequest, store: Store, scratch: Path, folder: Path, on_progress: OnProgress, process: Process
) -> MergeResult:
    """Prove all renditions before any is published; the manifest, by which they count, comes last.

    Raises what a plain merge does, and `ProofFailed` where key frames do not stand at the same times in all.
    """
    from media_ops.asked import destination_of
    from media_ops.frames.index import FrameIndex
    from media_ops.storage import fence

    if not request.output:
        raise OurError(f"{request.source}: a ladder is published, and no output is named")
    wanted = Wanted(request.output, request.container, request.replace)
    lines = FrameIndex.from_bytes(read(store, request.index)).facts.height
    ready: dict[str, Proved] = {}
    for number, (name, _, own) in enumerate(each_of(request, store, lines)):
        place = output_of(request.output, name)
        destination_of(place, request.source, request.replace)
        results = [_of(result, number) for result in request.results]
        own = own.model_copy(update={"results": results, "output": place, "keeping": None})
        parts, made = scratch / f"parts-{name}", folder / f"made-{name}"
        parts.mkdir(exist_ok=True)
        made.mkdir(exist_ok=True)
        ready[name] = proved(own, store, parts, made, on_progress, process)
    if any(len(result.others) + 1 != len(ready) for result in request.results):
        raise SegmentsDisagree(f"{request.source}: not all segments have {len(ready)} renditions")
    manifest = _manifest(ready)
    check_free(manifest_of(request.output), request.source, request.replace)
    fence.check(store, request.fence)
    if request.replace:
        withdraw(wanted)
    published = {name: one.publish(store) for name, one in ready.items()}
    fence.check(store, request.fence)
    place = publish_manifest(manifest, wanted, folder)
    costs = [one.metrics for one in published.values()]
    written, decoded = (sum(getattr(cost, name) for cost in costs) for name in ("bytes_written", "frames_decoded"))
    first = next(iter(published.values()))
    return MergeResult(
        output=place,
        outputs=[one.output for one in published.values()],
        proof_file=first.proof_file,
        proof=first.proof,
        metrics=Metrics(bytes_written=written, frames_decoded=decoded),
        warnings=common([(name, one.warnings) for name, one in published.items()]),
    )


def _of(result: SegmentResult, number: int) -> SegmentResult:
    """Give a segment's result of one rendition."""
    every = [result, *result.others]
    if number >= len(every):
        raise SegmentsDisagree(f"segment {result.order} has {len(every)} renditions, and there should be more")
    return every[number].model_copy(update={"others": []})


def _manifest(ready: dict[str, Proved]) -> Manifest:
    """Say what the files are; raise `ProofFailed` where players could not switch between them."""
    proofs = {name: one.proof for name, one in ready.items()}
    first, *others = proofs
    keys = proofs[first].keys
    if keys is None:
        raise OurError("a ladder was made without key frames at fixed times")
    for name in others:
        if proofs[name].keys != keys:
            raise ProofFailed(f"key frames of {name} do not stand at the times of those of {first}")
    index = ready[first].job.index
    seconds = (index.ends - int(index.frame_pts[0])) * index.facts.time_base
    return Manifest(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        source_sha256=proofs[first].source_sha256,
        source_size=proofs[first].source_size,
        seconds=str(seconds),
        key_seconds=keys.seconds,
        key_frames=keys.count,
        key_digest=keys.digest,
        outputs=[_rendered(name, one, float(seconds)) for name, one in ready.items()],
    )


def _rendered(name: str, one: Proved, seconds: float) -> Rendered:
    proof, target = one.proof, one.job.target
    coded = sum(result.coded for result in one.job.request.results)
    return Rendered(
        name=name,
        file=one.request.output.rpartition("/")[2],
        algorithm=proof.algorithm,
        width=target.width,
        height=target.height,
        frames=proof.frames_out,
        bits_per_second=round(8 * proof.output_size / seconds),
        picture_bits_per_second=round(8 * coded / seconds),
        size=proof.output_size,
        sha256=proof.output_sha256,
    )
