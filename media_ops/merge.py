"""Verb: join segments into the output, prove it, publish it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops import registry
from media_ops.join import Join
from media_ops.model import Metrics, Proof, SegmentResult
from media_ops.publishing import Wanted
from media_ops.requests import MergeRequest, MergeResult

if TYPE_CHECKING:
    from media_ops.container.joined import JoinedVideo
    from media_ops.mended import Process
    from media_ops.storage import Store
    from media_ops.storage.gathered import Gathered

OnProgress = Callable[[int, int | None], None]


def merge(request: MergeRequest, scratch: Path, on_progress: OnProgress, process: Process) -> MergeResult:
    """Make the result under a temporary name, verify it, then publish it with its proof.

    Segments that the store lost are made once more, by `process`. `on_progress` gets packets written, then frames
    verified. Raises `SegmentsDisagree`, `ProofFailed`, `Unsupported`, `SourceChanged`, `OutputExists`; then nothing
    is published.
    """
    from media_ops.ladder import merge_ladder
    from media_ops.storage import fence, open_store
    from media_ops.storage.publish import scratch_beside

    store = open_store(request.store)
    fence.take(store, request.fence)
    wanted = Wanted(request.output, request.container, request.replace)
    with scratch_beside(wanted.path) if wanted.path else contextlib.nullcontext(scratch) as folder:
        if registry.get(request.algorithm).several:
            return merge_ladder(request, store, scratch, folder, on_progress, process)
        return proved(request, store, scratch, folder, on_progress, process).publish(store)


@dataclass(frozen=True)
class Proved:
    """A result that only has to be published; `warnings` are those of the merge."""

    request: MergeRequest
    job: Join
    made: Path
    proof: Proof
    warnings: list[str]

    def publish(self, store: Store) -> MergeResult:
        """Publish it, with its proof."""
        from media_ops.publishing import publish
        from media_ops.storage import fence

        request = self.request
        published = publish(
            self.made,
            self.proof,
            request.source,
            Wanted(request.output, request.container, request.replace),
            request.keeping,
            request.fence.trace_id if request.fence else str(uuid.uuid4()),
            sure=self.job.state().is_sure(request.source),
            check=lambda: fence.check(store, request.fence),
        )
        return MergeResult(
            output=published.output,
            proof_file=published.proof_file,
            proof=published.proof,
            metrics=Metrics(bytes_written=self.proof.output_size, frames_decoded=self.proof.frames_compared),
            warnings=self.warnings,
        )


def proved(
    request: MergeRequest, store: Store, scratch: Path, folder: Path, on_progress: OnProgress, process: Process
) -> Proved:
    """Join the segments into a file in `folder` and prove it."""
    from media_ops.fitted import aim_of_job, fitted, found_quality
    from media_ops.keyed import check_keys
    from media_ops.mended import mended
    from media_ops.seams import check_seams
    from media_ops.showing import showing
    from media_ops.storage.gathered import Gathered

    parts = Gathered(store, scratch)
    results, mending = mended(request, parts, scratch, process)
    request = request.model_copy(update={"results": results})
    joints = check_seams(request.plan, results)
    job = Join.load(request)
    rate = None
    if aim := aim_of_job(job.algorithm):
        results, rate, said = fitted(request, aim, partial(_joined, job, parts, scratch), parts, scratch, process)
        mending += said
        check_seams(request.plan, results)
        job = replace(job, request=request.model_copy(update={"results": results}))
    made = folder / f"result{request.container}"
    pieces = job.pieces(parts, folder)
    job.write(made, pieces, on_progress)
    proof = job.prove(made, joints, pieces, on_progress)
    seen = showing(proof)
    lost = job.check_kept(made)
    told = {
        "warnings": list(dict.fromkeys([*proof.warnings, *mending, *seen, *lost])),
        "rate": rate,
        "quality": found_quality(job.algorithm, request),
        "keys": check_keys(made, job),
    }
    proof = proof.model_copy(update=job.origin() | told)
    return Proved(request, job, made, proof, job.warnings() + seen + lost + mending)


def _joined(job: Join, parts: Gathered, scratch: Path, results: list[SegmentResult]) -> JoinedVideo:
    """Plan the picture track of these segments, which need not be those that the job began with."""
    job = replace(job, request=job.request.model_copy(update={"results": results}))
    return job.video(job.pieces(parts, scratch))
