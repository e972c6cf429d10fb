"""Verb: cut a source into segments, or decline and say why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from media_ops.admission import admit, inexact
from media_ops.algorithm import Algorithm, FrameAlgorithm, MeasureAlgorithm
from media_ops.encoders.chosen import settings_of
from media_ops.errors import ParamsInvalid
from media_ops.model import JobOptions, Plan, Segment, Slicing
from media_ops.need import Need
from media_ops.planning.bounds import bounds, gop_bounds
from media_ops.planning.gate import (
    MOST_EXTRA_DECODING,
    Work,
    automatic_segments,
    segments_of_length,
)
from media_ops.planning.prices import prices
from media_ops.planning.reach import reach
from media_ops.requests import ProbeResult

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex
    from media_ops.storage import Store


def cut(
    probe: ProbeResult,
    algorithm: Algorithm,
    options: JobOptions,
    *,
    store: str,
    prefix: str,
    workers: int,
    most: int | None = None,
) -> Plan:
    """Plan the segments, no more than `most`, and store each one's rows of the index.

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
    lead = need.before + need.warm_up
    # What an algorithm makes costs more than what a segment's end gains by it.
    ahead = _ahead(algorithm, index.facts.height)
    warnings = []
    if most and count > most:
        warnings.append(f"{most} segments, not {count}: more are not worked on side by side here")
        count = most
    if need.gops:
        edges = gop_bounds(index.frames, count, index.closed_ranks().tolist())
        gops = len(edges) - 1
        few = f"{algorithm.name()} takes whole GOPs only, and the source has {gops} closed GOP{'s' * (gops > 1)}"
        if gops == 1 < count:
            rule, reason = "few-gops", few
        elif gops < count and options.segments:
            warnings.append(f"{gops} segments, not {count}: {few}")
        count = gops
    elif (keys := key_ranks(algorithm, index)) is not None:
        edges = gop_bounds(index.frames, count, keys)
        if len(edges) - 1 < count:
            asked, count = count, len(edges) - 1
            few = f"the film has {len(keys)} place{'s' * (len(keys) > 1)} for key frames, where segments begin"
            if count == 1:
                rule, reason = "few-keys", few
            else:
                warnings.append(f"{count} segments, not {asked}: {few}")
    else:
        edges = bounds(index.frames, count, prices(index.size[index.order], index.order, index.entry_ranks(), lead))
    if count > 1 and options.segments is None and options.segment_seconds is None:
        extra = _extra_decoding(index, edges, lead, max(need.after + need.run_out, ahead))
        if extra > MOST_EXTRA_DECODING:
            count, rule = 1, "few-entries"
            reason = f"{extra:.0%} of the frames would be decoded again: the source has few entry points"
            edges = [0, index.frames]
    segments = segments_at(index, edges, need, objects, prefix, ahead)
    return Plan(
        frames=index.frames,
        slicing=Slicing(used=count > 1, segments=count, reason=reason, rule=rule),
        segments=segments,
        looked=_looked(index, algorithm, segments, objects, prefix),
        warnings=warnings,
    )


def key_ranks(algorithm: Algorithm, index: FrameIndex) -> list[int] | None:
    """Give the ranks at which a result must have key frames; None where that is for the encoder to choose."""
    from media_ops.encoders.keys import key_numbers

    if isinstance(algorithm, MeasureAlgorithm):
        return None
    every = next(settings_of(each).key_seconds for each in algorithm.renditions(index.facts.height).values())
    if every is None:
        return None
    return key_numbers(index.frame_pts.tolist(), int(index.frame_pts[0]), index.facts.time_base, every)


def keep_segments(segments: Sequence[Segment], store: Store, prefix: str) -> None:
    """Put a plan's segments into the store: a workflow engine carries their numbers only."""
    store.put(_list_of(prefix), json.dumps([segment.model_dump(mode="json") for segment in segments]).encode())


def kept_segments(store: Store, prefix: str) -> list[Segment]:
    """Give them back, by their order."""
    with store.open(_list_of(prefix)) as file:
        return [Segment.model_validate(segment) for segment in json.load(file)]


def kept_segment(store: Store, prefix: str, order: int) -> Segment:
    """Give one of them."""
    with store.open(_list_of(prefix)) as file:
        return Segment.model_validate(json.load(file)[order])


def _list_of(prefix: str) -> str:
    return f"{prefix}/plan/segments"


def segments_at(
    index: FrameIndex, edges: list[int], need: Need, store: Store, prefix: str, ahead: int = 0
) -> list[Segment]:
    """Plan the segments between `edges`, the film's ends included; store each one's rows of the index."""
    gops = index.closed_ranks().tolist() if need.gops else []
    return [_segment(index, edges, order, need, gops, store, prefix, ahead) for order in range(len(edges) - 1)]


def _segment(
    index: FrameIndex,
    edges: list[int],
    order: int,
    need: Need,
    gops: list[int],
    store: Store,
    prefix: str,
    ahead: int,
) -> Segment:
    start, end = edges[order], edges[order + 1]
    around = reach(edges, order, need, gops)
    first = around.first
    if first == start > 0 and index.entry_before(start - 1) == index.entry_before(start):
        first = start - 1  # the decoder passes it anyway, and its digest is one more that must be equal
    # At least one frame more than the segment's own: its digest must be the one that the next segment begins with.
    # A look of more than a quarter of what is encoded would cost more than it gains.
    ahead = min(ahead, (end - start) // 4, index.frames - end)
    last = max(around.last, min(index.frames, end + 1), end + ahead)
    key = f"{prefix}/plan/{order:05d}"
    store.put(key, index.rows(first, last).to_bytes())
    return Segment(
        order=order,
        start=start,
        end=end,
        first=first,
        last=last,
        label=_label(index, start, end),
        rows=key,
        ahead=ahead,
        remove_frames=around.remove_frames,
        remove_gop=around.remove_gop,
        repeat=around.repeat,
        fade_in=around.fade_in,
        fade_out=around.fade_out,
    )


def _looked(
    index: FrameIndex, algorithm: Algorithm, segments: list[Segment], store: Store, prefix: str
) -> list[Segment]:
    """What is analysed before anything is processed: the segments, or the film in one piece, or nothing."""
    how = algorithm.looks()
    if how == "no":
        return []
    if how == "joined":
        return segments
    key = f"{prefix}/plan/whole"
    store.put(key, index.rows(0, index.frames).to_bytes())
    whole = {"start": 0, "end": index.frames, "first": 0, "last": index.frames}
    return [Segment(order=0, label=_label(index, 0, index.frames), rows=key, **whole)]


def _count(
    index: FrameIndex, probe: ProbeResult, algorithm: Algorithm, options: JobOptions, workers: int
) -> tuple[int, str | None, str | None]:
    """Give the number of segments, with the reason and the rule where that is 1."""
    if options.segments is not None and options.segments > index.frames:
        raise ParamsInvalid(f"{options.segments} segments of {index.frames} frames: there must be a frame for each")
    if options.whole:
        return 1, "asked for the whole file in one piece", "asked-whole"
    declined = inexact(index) or _uncuttable(algorithm, options)
    if declined:
        rule, reason = declined
        return 1, reason, rule
    if options.segments is not None:
        one = options.segments == 1
        return options.segments, "asked for one segment" if one else None, "asked-whole" if one else None
    cost = _cpu_seconds(index, algorithm)
    work = Work(index.frames, probe.duration, cost, workers, algorithm.least_cpu_seconds)
    if options.segment_seconds is not None:
        count = segments_of_length(work, options.segment_seconds)
        whole = "the wanted segment length covers the whole file" if count == 1 else None
        return count, whole, "asked-whole" if whole else None
    number, little = automatic_segments(work)
    return number, little, "too-little-work" if little else None


def _cpu_seconds(index: FrameIndex, algorithm: Algorithm) -> float:
    facts = index.facts
    megapixels = facts.width * facts.height / 1e6 * index.frames
    if isinstance(algorithm, MeasureAlgorithm):
        return megapixels * algorithm.cpu_seconds_per_megapixel
    if algorithm.several:
        return sum(_cpu_seconds(index, each) for each in algorithm.renditions(facts.height).values())
    settings = settings_of(algorithm)
    if isinstance(algorithm, FrameAlgorithm):
        width, height = algorithm.geometry(facts.width, facts.height)
        made = megapixels * algorithm.rate * width * height / (facts.width * facts.height)
        return megapixels * algorithm.cpu_seconds_per_megapixel + made * settings.cpu_seconds_per_megapixel
    scale = (settings.height or facts.height) / facts.height
    return megapixels * scale**2 * settings.cpu_seconds_per_megapixel


def _uncuttable(algorithm: Algorithm, options: JobOptions) -> tuple[str, str] | None:
    """Say why this algorithm is not cut, as (rule, reason); None when it may be."""
    if algorithm.need().unbounded:
        return "unbounded", f"{algorithm.name()} needs every frame before the one that it works on"
    if algorithm.exactness == "blended" and not options.blend:
        return "blended", f"segments of {algorithm.name()} do not join exactly, and cross-fading was not asked for"
    return None


def _ahead(algorithm: Algorithm, height: int) -> int:
    """How many frames behind a segment its encoders look at."""
    if isinstance(algorithm, FrameAlgorithm | MeasureAlgorithm):
        return 0
    return max(settings_of(one).ahead for one in algorithm.renditions(height).values())


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
