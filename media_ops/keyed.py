"""Whether key frames stand where they were asked for: read back from the result."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.errors import ProofFailed
from media_ops.model import KeysProof

if TYPE_CHECKING:
    from media_ops.join import Join


def check_keys(path: Path, job: Join) -> KeysProof | None:
    """Say where they stand, or raise `ProofFailed`; None where that was for the encoder to choose.

    They stand at the wanted times, which are those of all results with the same wish, and at segments' beginnings.
    """
    from media_ops.encoders.keys import key_numbers
    from media_ops.verify import times_digest

    every, index = job.settings.key_seconds, job.index
    if every is None:
        return None
    ranks = key_numbers(index.frame_pts.tolist(), int(index.frame_pts[0]), index.facts.time_base, every)
    wanted = sorted({*ranks, *(segment.start for segment in job.request.plan.segments)})
    times, found = _read_back(path)
    if found != wanted:
        wrong = min({*found} ^ {*wanted})
        there = "a key frame" if wrong in found else "none"
        raise ProofFailed(f"key frames are wanted every {float(every):g} s, and frame {wrong} is {there}")
    return KeysProof(seconds=str(every), count=len(found), digest=times_digest(times[rank] for rank in found))


def _read_back(path: Path) -> tuple[list[Fraction], list[int]]:
    """Give the times of all frames in order, and the ranks of those that are key frames."""
    from media_ops.frames.source import demux, only_video, open_media

    with open_media(str(path)) as result:
        video = only_video(result)
        clock = video.time_base or Fraction(1)
        packets = [(packet.pts or 0, packet.is_keyframe) for packet in demux(result, video) if packet.size]
    packets.sort(key=lambda packet: packet[0])
    return [pts * clock for pts, _ in packets], [rank for rank, (_, key) in enumerate(packets) if key]
