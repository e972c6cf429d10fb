"""That sound is heard at its time, whatever its packets say; and that nobody calls it proved where it is not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from media_ops.compare import compare
from media_ops.container.heard import heard
from media_ops.container.sync import check_sound
from media_ops.errors import DamagedMedia, ProofFailed
from media_ops.model import Track
from media_ops.proof.check import check
from media_ops.proof.report import CheckRequest
from tests.everyday import ordinarily
from tests.noises import noise, written

AV1: dict[str, Any] = {"algorithm": "transcode_av1", "params": {"preset": 12}}
LIMIT = Fraction(1, 1000)
# ISO/IEC 14496-3, 4.4.2.1: an empty fill element (110, 0000) and the end (111).
NO_SOUND = b"\xc1\xc0"
GAP = 2964


def after_nothing(path: Path, folder: Path) -> Path:
    """Write a clip whose first packet of sound holds none, with a gap behind it."""
    source = written(folder / "aac.mov", [(0.0, noise(2.0))], codec="aac")
    with av.open(str(source)) as reading, av.open(str(path), "w") as output:
        streams = [output.add_stream_from_template(stream, opaque=True) for stream in reading.streams]
        for stream, original in zip(streams, reading.streams, strict=True):
            stream.time_base = original.time_base
        first: Any = av.Packet(NO_SOUND)
        first.pts, first.dts, first.duration, first.time_base = 0, 0, GAP, Fraction(1, 48000)
        first.stream = streams[1]
        output.mux(first)
        for packet in reading.demux():
            if packet.size:
                if packet.stream_index == 1:
                    assert packet.dts is not None
                    packet.pts = packet.dts = packet.dts + 1024 + GAP
                packet.stream = streams[packet.stream_index]
                output.mux(packet)
    return path


@pytest.mark.parametrize("extension", ordinarily([".mp4", ".mov", ".mkv"], ".mkv"))
def test_a_first_packet_without_sound_is_no_priming(job: Callable[..., Any], tmp_path: Path, extension: str) -> None:
    source = after_nothing(tmp_path / "source.mp4", tmp_path)
    assert heard(str(source))[0].start == Fraction(GAP, 48000)
    work = job(source, extension=extension)
    assert [track.action for track in work.run(2).proof.tracks if track.kind == "audio"] == ["copy"]
    assert compare(str(source), str(work.output)).differences == []


def test_packets_that_are_all_there_but_heard_longer_are_no_proof(
    clip: Callable[[str], Path], tmp_path: Path
) -> None:
    """FFmpeg does not read the end of an edit list: each packet and time is the source's, and yet 13 ms are added."""
    source, made = clip("opus.webm"), tmp_path / "made.mp4"
    with av.open(str(source)) as reading, av.open(str(made), "w") as output:
        original = reading.streams.audio[0]
        stream = output.add_stream_from_template(original, opaque=True)
        for packet in reading.demux(original):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    tracks = [Track(index=1, kind="audio", action="copy", codec="opus")]
    with pytest.raises(ProofFailed, match=r"ends .* later than in the source"):
        check_sound(made, str(source), None, tracks, Fraction(0))


@pytest.mark.parametrize(
    ("extension", "start", "rate"),
    ordinarily(
        itertools.product([".mp4", ".webm"], [0.0, 0.51], [48000, 22050, 8000]),
        (".mp4", 0.0, 22050),
        (".mp4", 0.51, 48000),
        (".webm", 0.51, 8000),
    ),
)
def test_encoded_sound_ends_where_it_did(
    job: Callable[..., Any], tmp_path: Path, extension: str, start: float, rate: int
) -> None:
    """Whatever is left for the last block: neither codec may be heard longer."""
    source = written(tmp_path / "pcm.mkv", [(start, noise(1.2345, rate=rate))], rate=rate)
    work = job(source, extension=extension, **(AV1 if extension == ".webm" else {}))
    work.run(2)
    one, other = heard(str(source))[0], heard(str(work.output))[0]
    assert one.start is not None
    assert other.start is not None
    assert other.codec in ("aac", "opus")
    assert [abs(other.start - one.start) <= LIMIT, abs(other.end - one.end) <= LIMIT] == [True, True]
    assert abs(other.length - one.span) <= LIMIT


def test_sound_that_lies_over_itself_is_refused_by_a_rule(job: Callable[..., Any], tmp_path: Path) -> None:
    runs = [(part / 200, noise(0.02, part)) for part in range(100)]
    source = written(tmp_path / "heaped.mkv", runs)
    with pytest.raises(DamagedMedia, match=r"lie over other sound") as caught:
        job(source).audio()
    assert caught.value.rule == "sound-times"


def test_sound_moved_in_its_middle_alone_is_seen(tmp_path: Path) -> None:
    one = written(tmp_path / "one.mkv", [(0.0, noise(0.5)), (1.0, noise(0.5)), (2.0, noise(0.5))])
    other = written(tmp_path / "other.mkv", [(0.0, noise(0.5)), (1.005, noise(0.5)), (2.0, noise(0.5))])
    assert compare(str(one), str(one)).differences == []
    assert compare(str(one), str(other)).differences == ["sound track 0 is heard 5.000 ms later in its middle"]
    tracks = [Track(index=1, kind="audio", action="copy", codec="pcm_s16le")]
    with pytest.raises(ProofFailed, match="in its middle"):
        check_sound(other, str(one), None, tracks, Fraction(0))


def test_tracks_are_checked_against_their_own_source(job: Callable[..., Any], tmp_path: Path) -> None:
    """One that is encoded and starts late comes before one that is copied."""
    late = written(tmp_path / "late.mov", [(0.5, noise(1.0))])
    early = written(tmp_path / "early.mov", [(0.0, noise(2.0))], codec="aac")
    source = tmp_path / "both.mov"
    with av.open(str(late)) as first, av.open(str(early)) as second, av.open(str(source), "w") as output:
        for reading, kinds in ((first, ("video", "audio")), (second, ("audio",))):
            for kind in kinds:
                stream = next(stream for stream in reading.streams if stream.type == kind)
                added = output.add_stream_from_template(stream, opaque=True)
                added.time_base = stream.time_base
        for reading, places in ((first, (0, 1)), (second, (None, 2))):
            for packet in reading.demux():
                if packet.size and (place := places[packet.stream_index]) is not None:
                    packet.stream = output.streams[place]
                    output.mux(packet)
    work = job(source)
    result = work.run(2)
    assert [track.action for track in result.proof.tracks] == ["encode", "copy"]
    assert compare(str(source), str(work.output)).differences == []
    request = CheckRequest(proof=result.proof, sealed=True, result=str(work.output), source=str(source))
    report = check(request, tmp_path, lambda done, total: None)
    assert [found.outcome for found in report.checks if "starts, ends and lasts" in found.detail] == ["held"]


def test_a_track_that_no_decoder_knows_is_not_heard(tmp_path: Path) -> None:
    source = written(tmp_path / "aac.mp4", [(0.0, noise(1.0))], codec="aac")
    unknown = tmp_path / "unknown.mp4"
    unknown.write_bytes(source.read_bytes().replace(b"mp4a", b"xxxx").replace(b"esds", b"free"))
    assert [(track.codec, track.start) for track in heard(str(unknown))] == [("unknown", None)]
    assert np.isclose(float(heard(str(source))[0].length), 1.0, atol=0.05)


@pytest.mark.parametrize("extension", ordinarily([".mp4", ".mkv"], ".mp4"))
def test_encoded_sound_ends_where_its_source_does(job: Callable[..., Any], tmp_path: Path, extension: str) -> None:
    """AAC comes in blocks of 1024 samples: what fills the last one must not be heard."""
    work = job(written(tmp_path / "mulaw.mov", [(0.0, noise(2.01))], codec="pcm_mulaw"), extension=extension)
    work.run(2)
    (source,), (made,) = heard(str(work.source)), heard(str(work.output))
    assert made.codec == "aac"
    assert source.start is not None
    assert made.start is not None
    assert abs(made.start - source.start) <= LIMIT
    assert abs(made.end - source.end) <= LIMIT
    assert abs(made.length - source.length) <= LIMIT
