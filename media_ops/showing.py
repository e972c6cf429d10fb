"""Whether a joint shows: frames beside it that are encoded worse than those around them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import quantiles
from typing import TYPE_CHECKING

from media_ops.errors import SeamShows
from media_ops.model import JointProof, Proof, SegmentResult
from media_ops.planning.windows import JOINT_WINDOW

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = 3
Side = Sequence[Sequence[float]]
# Fewer neighbours than that say nothing: B-frames lie 1 to 2 dB under those that they refer to. That is also why the
# lower quartile counts and not the median.
_FEWEST = 5
# Nobody sees a difference above; black and still pictures go on to 60 dB and fall back to 50 at each key frame.
_CLEAN = 48.0
# A picture that changes more at the joint than twice what it does around it is another one there.
_GOES_ON = 2
_NOISE = 1.0


def scored(
    joints: Sequence[JointProof], results: Sequence[SegmentResult], cells: NDArray[np.uint16]
) -> list[JointProof]:
    """Say of each joint how it shows, by the PSNR that the workers measured; `cells` are all frames' signatures.

    Of a joint that fades, or that has too few frames on a side, nothing is known.
    """
    made = []
    for joint, (left, right) in zip(joints, pairwise(results), strict=True):
        before = [left.ends[-1 - n] for n in range(JOINT_WINDOW) if -1 - n in left.ends]
        behind = [right.ends[n] for n in range(JOINT_WINDOW) if n in right.ends]
        if not right.fades.get("in") and min(len(before), len(behind)) >= NEAR + _FEWEST:
            near = [frame[0] for frame in (*before[NEAR - 1 :: -1], *behind[:NEAR])]
            worst = drop(before, behind, goes_on=_goes_on(cells, joint.rank))
            joint = joint.model_copy(update={"seam_psnr": near, "drop_db": worst})
        made.append(joint)
    return made


def drop(before: Side, behind: Side, *, goes_on: bool) -> float:
    """Say how many dB the worst of the frames nearest to a joint lies under its neighbours.

    The sides begin with their nearest frames; each frame is the PSNR of luma and the mean of all planes. Neighbours
    are those of the same side, and of the other one where the picture `goes_on` over the joint.
    """
    drops = []
    for pair in zip(zip(*before, strict=True), zip(*behind, strict=True), strict=True):
        usual = [min(quantiles(side[NEAR:], n=4, method="inclusive")[0], _CLEAN) for side in pair]
        for own, side in zip(usual, pair, strict=True):
            drops.append((max(usual) if goes_on else own) - min(*side[:NEAR], _CLEAN))
    return float(round(max(drops), 2))


def showing(proof: Proof) -> list[str]:
    """Say which joints show; raise `SeamShows` where the job is to fail then."""
    limit = proof.seam_limit_db
    found = [
        f"the joint at frame {joint.rank} shows: a frame beside it lies {joint.drop_db:.1f} dB under its neighbours"
        for joint in proof.joints
        if limit is not None and joint.drop_db is not None and joint.drop_db > limit
    ]
    if found and proof.seams == "fail":
        more = f" ({len(found)} of {len(proof.joints)} joints do)" if len(found) > 1 else ""
        raise SeamShows(f"{found[0]}, more than the {limit:g} dB that the job allows{more}", rule="seam-shows")
    return found


def _goes_on(cells: NDArray[np.uint16], rank: int) -> bool:
    """Say whether frame `rank` shows what the frame before it shows, moved on."""
    import numpy as np

    around = cells[max(0, rank - JOINT_WINDOW) : rank + JOINT_WINDOW].astype(np.float32) / 256
    changes = np.sqrt((np.diff(around, axis=0) ** 2).mean(axis=(1, 2)))
    at = rank - max(0, rank - JOINT_WINDOW) - 1
    return bool(changes[at] <= _GOES_ON * max(np.delete(changes, at)) + _NOISE)
