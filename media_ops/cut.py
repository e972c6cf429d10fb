"""Verb: cut a source into segments, or decline and say why."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from media_ops.admission import admit, inexact
from media_ops.algorithm import Algorithm, EncodeAlgorithm
from media_ops.errors import ParamsInvalid
from media_ops.model import JobOptions, Plan, ProbeResult, Segment, Slicing
from media_ops.planning.bounds import bounds
from media_ops.planning.gate import (
    MOST_EXTRA_DECODING,
    Work,
    automatic_segments,
    segments_of_length,
)

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex


def cut(
    probe: ProbeResult, algorithm: Algorithm, options: JobOptions, *, store: str, prefix: str, workers: int
) -> Plan:
    """Plan the segments and store each one's rows of the index.

    A wish in `options` overrides reasons of cost, never reasons of exactness. Raises `ParamsInvalid` for more
    segments than there are frames, `Unsupported` or `DamagedMedia` where a rule refuses the source.
    """
    from media_ops.frames.index import FrameIndex
    from media_ops.storage import open_store

    objects = open_store(store)
    with objects.open(probe.index) as file:
        index = FrameIndex.from_bytes(file.read())
    admit(probe.profile.source, index, options)
    count, reason, rule = _count(index, probe, algorithm, options, workers)
    need = algorithm.need()
    preferred = [rank + need.before for rank in index.entry_ranks().tolist()]
    edges = bounds(index.frames, count, preferred)
    if count > 1 and options.segments is None and options.segment_seconds is None:
        extra = _extra_decoding(index, edges, need.before, need.after)
        if extra > MOST_EXTRA_DECODING:
            count, rule = 1, "few-entries"
            reason = f"{extra:.0%} of the frames would be decoded again: the source has few entry points"
            edges = [0, index.frames]
    segments = []
    for order, (start, end) in enumerate(pairwise(edges)):
        # One frame more than needed: its digest must be the one that the next segment begins with.
        first, last = _first(index, start, need.before), min(index.frames, end + max(1, need.after))
        key = f"{prefix}/plan/{order:05d}"
        objects.put(key, index.rows(first, last).to_bytes())
        segments.append(
            Segment(
                order=order, start=start, end=end, first=first, last=last, label=_label(index, start, end), rows=key
            )
        )
    return Plan(
        frames=index.frames,
        slicing=Slicing(used=count > 1, segments=count, reason=reason, rule=rule),
        segments=segments,
    )


def _first(index: FrameIndex, start: int, before: int) -> int:
    """First frame to read: the warm-up, or the frame before the joint where the decoder passes it anyway."""
    if before == 0 and start > 0 and index.entry_before(start - 1) == index.entry_before(start):
        return start - 1
    return max(0, start - before)


def _count(
    index: FrameIndex, probe: ProbeResult, algorithm: Algorithm, options: JobOptions, workers: int
) -> tuple[int, str | None, str | None]:
    """Give the number of segments, with the reason and the rule where that is 1."""
    if options.segments is not None and options.segments > index.frames:
        raise ParamsInvalid(f"{options.segments} segments of {index.frames} frames: there must be a frame for each")
    if options.whole:
        return 1, "asked for the whole file in one piece", "asked-whole"
    declined = inexact(index)
    if declined:
        rule, reason = declined
        return 1, reason, rule
    if options.segments is not None:
        one = options.segments == 1
        return options.segments, "asked for one segment" if one else None, "asked-whole" if one else None
    work = Work(index.frames, probe.duration, _cpu_seconds(index, algorithm), workers)
    if options.segment_seconds is not None:
        count = segments_of_length(work, options.segment_seconds)
        whole = "the wanted segment length covers the whole file" if count == 1 else None
        return count, whole, "asked-whole" if whole else None
    number, little = automatic_segments(work)
    return number, little, "too-little-work" if little else None


def _cpu_seconds(index: FrameIndex, algorithm: Algorithm) -> float:
    facts = index.facts
    megapixels = facts.width * facts.height / 1e6 * index.frames
    if not isinstance(algorithm, EncodeAlgorithm):
        return megapixels * 0.05
    settings = algorithm.settings()
    scale = (settings.height or facts.height) / facts.height
    return megapixels * scale**2 * settings.cpu_seconds_per_megapixel


def _extra_decoding(index: FrameIndex, edges: list[int], before: int, after: int) -> float:
    """Packets fed to decoders beyond one pass, as a share of one pass."""
    fed = 0
    for start, end in pairwise(edges):
        rows = index.order[max(0, start - before) : min(index.frames, end + max(1, after))]
        fed += int(rows.max()) + 1 - index.entry_before(max(0, start - before))
    return fed / len(index.pts) - 1


def _label(index: FrameIndex, start: int, end: int) -> str:
    origin = int(index.frame_pts[0])
    stop = int(index.frame_pts[end]) if end < index.frames else int(index.frame_pts[-1]) + index.last_duration
    ticks = (int(index.frame_pts[start]) - origin, stop - origin)
    return "-".join(_clock(float(tick * index.facts.time_base)) for tick in ticks)


def _clock(seconds: float) -> str:
    """Whole seconds as 00:01:30; shorter steps get milliseconds, so that labels stay apart."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{text}.{milliseconds:03d}" if milliseconds else text
