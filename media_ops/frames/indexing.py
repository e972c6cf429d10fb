"""Build a frame index: by packets wherever they tell the truth, else by decoding once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np

from media_ops.errors import NoVideo
from media_ops.frames.decoding import CONTAINERS_WITHOUT_PTS, Decoded, decode
from media_ops.frames.entries import Entry
from media_ops.frames.findings import Findings
from media_ops.frames.index import NO_PTS, Facts, FrameIndex, Int
from media_ops.frames.packets import OnPacket, Packets, read_packets

# Frames that are decoded to see whether packets tell the truth: 0.5 % of a film of 60 s.
_SAMPLE = 8


def build_index(
    path: str | Path, on_packet: OnPacket | None = None, *, thorough: bool = False, first_frames: int | None = None
) -> FrameIndex:
    """Index the first video stream of `path`; a `thorough` index is built by decoding and knows all damage.

    With `first_frames` the index ends after so many, and no more are decoded for it. Raises `NotMedia`,
    `NoVideo` (also where no frame is presented), `Unsupported` (encrypted).
    """
    packets, facts = read_packets(path, on_packet)
    if not packets.pts:
        raise NoVideo(f"{path}: the video stream has not one frame")
    reason = "all damage is asked for" if thorough else _insufficient(packets, facts)
    if reason is None:
        order = [i for i in range(len(packets.pts)) if not packets.hidden[i]]
        order.sort(key=lambda i: (packets.pts[i], i))
        times = [packets.pts[i] for i in order]
        sample = decode(path, frames=_SAMPLE)
        if _agrees(sample, order, times):
            index = _index(packets, _seen(facts, sample), "packets", order, times, Findings())
            return index.head(first_frames) if first_frames else index
        reason = "packets and the first decoded frames do not agree"
    decoded = decode(path, on_packet, frames=first_frames and first_frames + 1)
    if not decoded.order:
        raise NoVideo(f"{path}: the video stream has not one frame that can be decoded")
    times = decoded.times(facts)
    found = Findings(_damage(decoded, packets, times), _change(decoded, times, facts), reason, packets.empty)
    index = _index(packets, _seen(facts, decoded), "decoding", decoded.order, times, found)
    return index.head(first_frames) if first_frames else index


MARKED_AS_DAMAGED = "packets are marked as damaged"


def _insufficient(packets: Packets, facts: Facts) -> str | None:
    """Say why packets do not tell what the decoder gives, None when they seem to."""
    known = [dts for dts in packets.dts if dts != NO_PTS]
    shown = [pts for pts, hidden in zip(packets.pts, packets.hidden, strict=True) if not hidden]
    reorders = any(later < earlier for earlier, later in itertools.pairwise(packets.pts))
    reasons = {
        "the container has no presentation times": set(facts.container.split(",")) & CONTAINERS_WITHOUT_PTS,
        "packets lack a presentation time": NO_PTS in packets.pts,
        MARKED_AS_DAMAGED: packets.corrupt,
        "the file ends early": packets.ended_by,
        "no packet is shown": not shown,
        "the first packet is no clean place to begin": packets.entry[0] == Entry.NONE
        or (facts.codec in ("h264", "hevc") and packets.entry[0] != Entry.CLOSED),
        "pictures stand before the first one": min(packets.pts) < packets.pts[0],
        "decoding times run backwards": any(b < a for a, b in itertools.pairwise(known)),
        "reordered frames share a presentation time": reorders and len(set(shown)) < len(shown),
        "fields may lie in packets of their own": facts.interlaced and facts.codec in ("h264", "vc1"),
        "packets hold no picture or several": packets.empty,
        "the headers of pictures change": len(packets.sizes) > 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _agrees(sample: Decoded, order: list[int], times: list[int]) -> bool:
    count = len(sample.order)
    return (
        bool(count)
        and not sample.lost
        and sample.change is None
        and sample.order == order[:count]
        and sample.pts == times[:count]
        and (count >= min(_SAMPLE, len(order)))
    )


def _seen(facts: Facts, decoded: Decoded) -> Facts:
    """Take size and pixel format from the first picture: a container may say anything."""
    if decoded.shape is None:
        return facts
    width, height, pixel_format = decoded.shape
    return replace(facts, width=width, height=height, pixel_format=pixel_format)


def _damage(decoded: Decoded, packets: Packets, times: list[int]) -> tuple[tuple[int, int], ...]:
    gaps = sorted(b - a for a, b in itertools.pairwise(times) if b > a)
    return decoded.damage(times, packets.pts, gaps[len(gaps) // 2] if gaps else 1)


def _change(decoded: Decoded, times: list[int], facts: Facts) -> str | None:
    if decoded.change is None or decoded.shape is None:
        return None
    rank, (width, height, pixel_format) = decoded.change
    before = f"{decoded.shape[0]}x{decoded.shape[1]} {decoded.shape[2]}"
    return f"from {before} to {width}x{height} {pixel_format} at {float(times[rank] * facts.time_base):.3f} s"


def _index(
    packets: Packets, facts: Facts, built_by: str, order: list[int], times: list[int], found: Findings
) -> FrameIndex:
    return FrameIndex(
        facts,
        built_by,
        pts=_column(packets.pts),
        dts=_column(packets.dts),
        duration=_column(packets.duration),
        size=_column(packets.size),
        pos=_column(packets.pos),
        entry=_column(packets.entry),
        order=_column(order),
        frame_pts=_column(times),
        findings=found,
    )


def _column(values: list[int]) -> Int:
    return np.asarray(values, np.int64)
