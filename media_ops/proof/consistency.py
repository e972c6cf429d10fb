"""Whether a proof agrees with itself."""

from __future__ import annotations

from media_ops.errors import MediaError, ProofFailed
from media_ops.model import Proof
from media_ops.registry import get
from media_ops.verify import AV_LIMIT_MS


def consistent(proof: Proof, sealed: bool) -> str:
    """Say that the document is as it was written, or raise `ProofFailed` naming what does not fit."""
    compared = sum(max(0, end - start) for start, end in proof.compared)
    whole = proof.compared == [(0, proof.frames_out)]
    ranks, rate = [joint.rank for joint in proof.joints], _rate(proof)
    cut = bool(proof.slicing and proof.slicing.used)
    wrong = {
        "its content was changed after it was written (the seal does not fit)": not sealed,
        f"{proof.frames_in} frames went in and {proof.frames_out} came out": proof.frames_in * rate
        != proof.frames_out,
        f"{proof.pts_mismatches} frames stand at another time": proof.pts_mismatches != 0,
        f"sound is off by {proof.av_offset_ms} ms": (proof.av_offset_ms or 0) > AV_LIMIT_MS,
        f"{proof.frames_compared} frames were compared, but its ranges hold {compared}": (
            compared != proof.frames_compared
        ),
        "no frame was compared": not compared,
        "not all frames were compared, although it says `full`": proof.verify == "full" and not whole,
        "a lossless result has no full comparison": bool(proof.lossless_digest) and not whole,
        "a joint lies outside the film": any(not 0 < rank < proof.frames_out for rank in ranks),
        "a joint lies between the frames that one frame of the source became": any(rank % rate for rank in ranks),
        f"it was not cut, but is called {proof.exactness}": not cut and proof.exactness != "exact",
        "its joints are not those of its segments": bool(proof.slicing and len(ranks) != proof.slicing.segments - 1),
    }
    found = [what for what, is_wrong in wrong.items() if is_wrong]
    if found:
        raise ProofFailed("; ".join(found))
    return f"unaltered since {proof.made_at}"


def _rate(proof: Proof) -> int:
    """Frames of the result for each of the source, as the algorithm says; an unknown one may say anything."""
    try:
        kind = get(proof.algorithm)
    except MediaError:
        return max(1, proof.frames_out // max(1, proof.frames_in))
    return kind.rate
