"""Verb: check a proof again, from the result and the source alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from media_ops.errors import MediaError, WorldError
from media_ops.model import Metrics
from media_ops.proof.report import Check, CheckReport, CheckRequest, NotPossible

OnProgress = Callable[[int, int | None], None]


def check(request: CheckRequest, scratch: Path, on_progress: OnProgress) -> CheckReport:
    """Make every check that can be made; none ends the others.

    `on_progress` gets frames decoded. Raises errors of the world only: what is wrong with a file is a failed check.
    """
    from media_ops.proof import files, sound
    from media_ops.proof.consistency import consistent
    from media_ops.proof.decoded import Decoded
    from media_ops.proof.pictures import Pictures

    proof = request.proof
    result = files.File.look("result", request.result, "")
    source = files.File.look("source", request.source, request.no_source, thorough=bool(proof.damaged))
    decoded = Decoded(source, result, request, scratch, on_progress)
    pictures = Pictures(request, decoded)
    steps: list[tuple[str, Callable[[], str]]] = [
        ("document", lambda: consistent(proof, request.sealed)),
        ("result file", lambda: result.same_bytes(proof.output_size, proof.output_sha256)),
        ("source file", lambda: source.same_bytes(proof.source_size, proof.source_sha256)),
        ("frames of the result", lambda: result.same_count(proof.frames_out)),
        ("frames of the source", lambda: source.same_count(proof.frames_in)),
        ("times of the result", lambda: files.same_times(result.index, proof)),
        ("times against the source", lambda: files.times_kept(source.index, result.index, proof)),
        ("picture of the result", lambda: result.same_picture(proof.picture_output)),
        ("picture of the source", lambda: source.same_picture(proof.picture_source)),
        ("sound", lambda: sound.in_step(source, result, proof)),
        ("joints", pictures.joints),
        ("pictures", pictures.shown),
    ]
    if proof.damaged:
        steps.append(("damage", lambda: source.same_damage(proof.damaged)))
    if proof.lossless_digest:
        steps.append(("lossless", pictures.lossless))
    checks = [_made(name, step) for name, step in steps]
    return CheckReport(
        outcome="failed" if any(found.outcome == "failed" for found in checks) else "held",
        result=request.result,
        source=request.source,
        full=request.full,
        checks=checks,
        metrics=Metrics(frames_decoded=decoded.count),
    )


def _made(name: str, step: Callable[[], str]) -> Check:
    import av

    try:
        return Check(name=name, outcome="held", detail=step())
    except NotPossible as reason:
        return Check(name=name, outcome="not possible", detail=str(reason))
    except WorldError:
        raise
    except (MediaError, av.FFmpegError) as error:
        return Check(name=name, outcome="failed", detail=str(error))
