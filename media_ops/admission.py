"""Whether a source is processed at all, and whether it may be cut: the rules that need no more than its index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_ops.errors import DamagedMedia, Unsupported
from media_ops.model import JobOptions

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex

# MP4 and MOV count how long a frame is shown in 31 bits.
_LONGEST_GAP = 2**31 - 1


def admit(source: str, index: FrameIndex, options: JobOptions) -> None:
    """Refuse what nothing sensible can be made of: raises `Unsupported` or `DamagedMedia`."""
    found = index.findings
    if found.change:
        raise Unsupported(f"{source}: the picture changes {found.change}", rule="changing-picture")
    if found.damage and options.on_damage == "strict":
        start = float(found.damage[0][0] * index.facts.time_base)
        raise DamagedMedia(
            f"{source}: the picture at {start:.3f} s is damaged ({len(found.damage)} such places; "
            "on_damage: conceal would accept what the decoder makes of them)",
            rule="damaged",
        )
    back = (index.frame_pts[1:] < index.frame_pts[:-1]).nonzero()[0]
    if len(back):
        rank = int(back[0]) + 1
        before, after = (float(int(index.frame_pts[r]) * index.facts.time_base) for r in (rank - 1, rank))
        raise Unsupported(
            f"{source}: presentation times run backwards at frame {rank}, from {before:.3f} s to {after:.3f} s",
            rule="backward-times",
        )
    if index.frames > 1 and index.frame_pts[0] == index.frame_pts[-1]:
        raise Unsupported(f"{source}: all {index.frames} frames have one presentation time", rule="no-time")
    leaps = (index.frame_pts[1:] - index.frame_pts[:-1] > _LONGEST_GAP).nonzero()[0]
    if len(leaps):
        rank = int(leaps[0])
        gap = float(int(index.frame_pts[rank + 1] - index.frame_pts[rank]) * index.facts.time_base)
        raise Unsupported(f"{source}: nothing is shown for {gap:.0f} s after frame {rank}", rule="time-leap")


def inexact(index: FrameIndex) -> tuple[str, str] | None:
    """Say why an admitted source cannot be cut exactly, as (rule, reason); None when it can."""
    if index.findings.damage:
        places = len(index.findings.damage)
        return "concealed", f"{places} damaged places: what a decoder makes of them depends on all it saw before"
    if index.findings.packed or len(set(index.order.tolist())) < index.frames:
        return "several-pictures", "packets hold several pictures, of which none can be asked for alone"
    return None
