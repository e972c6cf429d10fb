"""Whole jobs, verb by verb: any number of segments, in any order of completion, gives what one run gives."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.frames.fingerprint import fingerprint
from tests.everyday import ordinarily

Clip = Callable[[str], Path]


def presented(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        frames: list[Any] = list(container.decode(video=0))
        return [frame.pts * frame.time_base for frame in frames]


def first_sound(path: Path) -> Fraction:
    with av.open(str(path)) as container:
        frame: Any = next(container.decode(audio=0))
        return Fraction(frame.pts * frame.time_base)


@pytest.mark.parametrize("segments", ordinarily([1, 3, 7, 40], 7))
def test_variable_rate_with_b_frames_and_sound(clip: Clip, job: Callable[..., Any], segments: int) -> None:
    source = clip("vfr.mp4")
    work = job(source)
    shuffled = random.Random(segments)
    result = work.run(segments, order=lambda numbers: shuffled.sample(numbers, len(numbers)), verify="full")
    assert presented(work.output) == presented(source)
    assert len({b - a for a, b in zip(presented(source), presented(source)[1:], strict=False)}) > 1, "the clip is VFR"
    assert abs(first_sound(work.output) - first_sound(source)) <= Fraction(1, 1000)
    assert result.proof.av_offset_ms <= 1
    assert len(result.proof.joints) == segments - 1


@pytest.mark.parametrize(
    ("name", "segments"),
    ordinarily(
        itertools.product(
            ["vfr.mp4", "open_gop.mp4", "mpeg2.ts", "h264.avi", "four_two_two.mkv", "ten_bit.mkv"], [1, 7]
        ),
        ("open_gop.mp4", 7),
        ("four_two_two.mkv", 7),
        ("ten_bit.mkv", 1),
    ),
)
def test_lossless_is_bit_identical(clip: Clip, job: Callable[..., Any], name: str, segments: int) -> None:
    source = clip(name)
    work = job(source, params={"preset": "ultrafast", "lossless": True})
    work.run(segments, verify="full")
    with av.open(str(source)) as a, av.open(str(work.output)) as b:
        assert [fingerprint(f) for f in b.decode(video=0)] == [fingerprint(f) for f in a.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "extension"),
    ordinarily(
        itertools.product(
            ["h264.ts", "mpeg4.avi", "vp9.webm", "fragmented.mp4", "single_key.mp4", "hevc_cra.mp4"],
            [".mp4", ".mkv"],
        ),
        ("h264.ts", ".mp4"),
        ("mpeg4.avi", ".mkv"),
        ("vp9.webm", ".mp4"),
        ("hevc_cra.mp4", ".mkv"),
    ),
)
def test_sources_of_every_kind(clip: Clip, job: Callable[..., Any], name: str, extension: str) -> None:
    work = job(clip(name), extension=extension)
    proof = work.run(3, verify="full").proof
    assert proof.frames_in == proof.frames_out == proof.frames_compared


def test_a_negative_start_moves_every_stream_alike(clip: Clip, job: Callable[..., Any], tmp_path: Path) -> None:
    negative = tmp_path / "negative.mkv"
    with (
        av.open(str(clip("plain.mp4"))) as source,
        av.open(str(negative), "w", format="matroska", options={"avoid_negative_ts": "disabled"}) as output,
    ):
        streams = {s.index: output.add_stream_from_template(s) for s in source.streams}
        packets: Any = source.demux()
        for packet in packets:
            if packet.size:
                ticks = round(Fraction(1, 2) / packet.time_base)
                packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
                packet.stream = streams[packet.stream_index]
                output.mux(packet)
    work = job(negative)
    proof = work.run(3, verify="full").proof
    assert Fraction(proof.pts_shift) >= Fraction(1, 2)
    shift = Fraction(proof.pts_shift) - Fraction(1, 2)
    assert presented(work.output) == [time + shift for time in presented(clip("plain.mp4"))]
    assert proof.av_offset_ms <= 1


def test_automatic_slicing_declines_small_work_and_says_why(clip: Clip, job: Callable[..., Any]) -> None:
    work = job(clip("silent.mp4"))
    slicing = work.plan(work.probe()).slicing
    assert (slicing.used, slicing.segments) == (False, 1)
    assert "too little work" in slicing.reason


def test_labels_tell_the_time_range(clip: Clip, job: Callable[..., Any]) -> None:
    work = job(clip("plain.mp4"))
    labels = [segment.label for segment in work.plan(work.probe(), segments=2).segments]
    assert labels == ["00:00:00-00:00:04", "00:00:04-00:00:08"]


def test_both_sides_of_a_joint_are_fingerprinted(clip: Clip, job: Callable[..., Any]) -> None:
    """The frame before a joint too, where the decoder passes it anyway: not where a segment starts at an entry."""
    work = job(clip("plain.mp4"))
    probed = work.probe()
    at_entry = work.plan(probed, segments=2)
    assert at_entry.segments[1].start == 100, "a key frame"
    assert set(work.segment(at_entry, 1).fingerprints) == {100, 199}
    between = work.plan(probed, segments=3)
    ranks = set(work.segment(between, 1).fingerprints)
    start, end = between.segments[1].start, between.segments[1].end
    assert ranks == {start - 1, start, end - 1, end} - ({start - 1} if start % 50 == 0 else set())


def test_repeated_times_stay_repeated(clip: Clip, job: Callable[..., Any], tmp_path: Path) -> None:
    repeated = tmp_path / "repeated.mp4"
    with av.open(str(clip("silent.mp4"))) as source, av.open(str(repeated), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.time_base = source.streams.video[0].time_base
        packets = [packet for packet in source.demux(source.streams.video[0]) if packet.size]
        times = sorted(packet.pts for packet in packets if packet.pts is not None)
        for packet in packets:
            if packet.pts in (times[20], times[51]):
                packet.pts = times[times.index(packet.pts) + 1]
            packet.stream = stream
            output.mux(packet)
    shown = presented(repeated)
    assert len(set(shown)) == len(shown) - 2
    work = job(repeated)
    work.run(3, verify="full")
    assert presented(work.output) == shown
