"""Whether segments may be joined at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from media_ops.errors import SegmentsDisagree
from media_ops.model import JointProof, Plan, SegmentResult


def check_seams(plan: Plan, results: Sequence[SegmentResult]) -> list[JointProof]:
    """Give the joints with the source frame seen from both sides, or raise `SegmentsDisagree`.

    A segment decodes the frame behind its end, which is the next one's first: both saw the same bits, or one of them
    counted wrongly. Where the frame before a start was decoded anyway, it is compared too.
    """
    wanted = [(s.order, s.start, s.end) for s in plan.segments]
    given = [(r.order, r.start, r.end) for r in results]
    if wanted != given:
        raise SegmentsDisagree(
            f"planned segments {wanted[:3]}... but got {given[:3]}... ({len(given)} of {len(wanted)})"
        )
    for what in ("versions", "codec_config"):
        values = {str(getattr(result, what)) for result in results}
        if len(values) > 1:
            raise SegmentsDisagree(f"segments were made with different {what}: {sorted(values)[:2]}")
    joints = []
    for left, right in pairwise(results):
        rank = right.start
        for seen in (rank, rank - 1):
            a, b = left.fingerprints.get(seen), right.fingerprints.get(seen)
            if a != b and (seen == rank or b is not None):
                raise SegmentsDisagree(
                    f"frame {seen} at the joint of segments {left.order} and {right.order} is not the same frame: "
                    f"{str(a)[:12]} and {str(b)[:12]}"
                )
        digests = {"fingerprint": right.fingerprints[rank], "before": left.fingerprints.get(rank - 1, "")}
        joints.append(JointProof(rank=rank, **digests, frames_compared=0))
    return joints
