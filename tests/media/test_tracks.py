"""Sound that is late, broken off, overlapping or changing; Opus; and that a misplaced track is noticed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from media_ops.compare import compare
from media_ops.container.aligned import check_alignment
from media_ops.container.copyable import why_not_copied
from media_ops.container.sync import SoundTrack
from media_ops.errors import DamagedMedia, ProofFailed
from tests.noises import RATE, Noise, noise, written

Film = Callable[..., Path]

AV1: dict[str, Any] = {"algorithm": "transcode_av1", "params": {"preset": 12}}


def track(path: Path) -> SoundTrack:
    with av.open(str(path)) as container:
        return SoundTrack(lambda: av.open(str(path)), container.streams.audio[0].index)


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_opus_starts_and_ends_in_its_place(job: Callable[..., Any], tmp_path: Path, start: float) -> None:
    source = written(tmp_path / "pcm.mov", [(start, noise(1.7))])
    work = job(source, extension=".webm", **AV1)
    result = work.run(2)
    assert result.proof.av_offset_ms <= 1
    assert check_alignment(track(source), track(work.output)) <= Fraction(1, 1000)
    assert compare(str(source), str(work.output), min_psnr=0).differences == []
    with av.open(str(work.output)) as container:
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".mov"])
def test_a_gap_stays_a_gap(job: Callable[..., Any], tmp_path: Path, extension: str) -> None:
    """PCM with silence in the middle that is no sample: copied or encoded, what follows stays at its time."""
    source = written(tmp_path / "gap.mkv", [(0.0, noise(1.0)), (1.5, noise(1.0, 4))])
    work = job(source, extension=extension)
    result = work.run(2)
    assert result.proof.av_offset_ms <= 1
    assert check_alignment(track(source), track(work.output)) <= Fraction(1, 1000)
    assert compare(str(source), str(work.output)).differences == []


def test_overlapping_sound_is_not_copied_and_what_is_left_out_is_said(
    job: Callable[..., Any], tmp_path: Path
) -> None:
    source = written(tmp_path / "overlap.mkv", [(0.0, noise(1.0)), (0.985, noise(1.0, 4))])
    assert "overlap" in (why_not_copied(str(source), 1) or "")
    work = job(source, extension=".mkv")
    audio = work.audio()
    assert [t.action for t in audio.tracks] == ["encode"]
    assert any("0.015 s" in warning and "left out" in warning for warning in audio.warnings)


def test_a_change_of_rate_in_the_middle_is_encoded(film: Film, job: Callable[..., Any], tmp_path: Path) -> None:
    parts = [
        film(
            f"part{rate}.ts",
            *[
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=64x48:r=25:d=1",
                "-f",
                "lavfi",
                "-i",
                f"anoisesrc=r={rate}:d=1:seed=1",
            ],
            *["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-output_ts_offset", str(offset)],
        )
        for rate, offset in ((44100, 0), (48000, 1))
    ]
    source = tmp_path / "changing.ts"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert "changes" in (why_not_copied(str(source), 1) or "")
    work = job(source)
    assert [t.action for t in work.audio().tracks] == ["encode"]


def test_tracks_keep_their_order_names_and_dispositions(film: Film, job: Callable[..., Any]) -> None:
    clip = film(
        "tracks.mkv",
        *["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-f", "lavfi", "-i", "anoisesrc=r=48000:d=1:seed=1"],
        *["-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p"],
        *["-c:a:0", "pcm_s16le", "-c:a:1", "libopus", "-metadata:s:a:0", "language=fra"],
        *["-metadata:s:a:1", "title=Comments", "-disposition:a:0", "0", "-disposition:a:1", "default+comment"],
    )
    work = job(clip, extension=".webm", **AV1)
    result = work.run(2)
    with av.open(str(clip)) as a, av.open(str(work.output)) as b:
        for one, other in zip(a.streams.audio, b.streams.audio, strict=True):
            for name in ("language", "title"):
                assert other.metadata.get(name) == one.metadata.get(name)
        assert b.streams.audio[1].disposition == Disposition.default
    assert any("stream 2" in warning and "comment" in warning for warning in result.warnings)
    assert not [words for words in compare(str(clip), str(work.output)).differences if "sound" in words]


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([(0.0, noise(2.5))], None),
        ([(0.0, noise(1.0)), (1.005, noise(2.5)[RATE:-240])], "is heard"),
        ([(0.0, noise(2.49))], "ends"),
        ([(0.0, np.concatenate([noise(1.0), noise(2.5)[RATE + 240 :], noise(2.5)[:240]]))], "is heard"),
    ],
    ids=["same", "later from the middle on", "cut off", "earlier from the middle on"],
)
def test_a_misplaced_track_is_noticed(tmp_path: Path, runs: list[tuple[float, Noise]], words: str | None) -> None:
    original = track(written(tmp_path / "original.mkv", [(0.0, noise(2.5))]))
    made = track(written(tmp_path / "made.mkv", runs))
    if words is None:
        assert check_alignment(original, made) == 0
    else:
        with pytest.raises(ProofFailed, match=words):
            check_alignment(original, made)


def test_sound_damaged_in_its_middle_is_refused_by_a_rule(job: Callable[..., Any], tmp_path: Path) -> None:
    source = written(tmp_path / "aac.mkv", [(0.0, noise(2.0))], codec="aac")
    damaged = tmp_path / "damaged.mkv"
    with av.open(str(source)) as reading, av.open(str(damaged), "w") as output:
        streams = {s.index: output.add_stream_from_template(s, opaque=True) for s in reading.streams}
        for number, packet in enumerate(packet for packet in reading.demux() if packet.size):
            index = packet.stream_index
            packet.stream = streams[index]
            if index == 1 and 60 <= number <= 80:
                spoilt = av.Packet(b"\xff" * packet.size)
                spoilt.pts, spoilt.dts, spoilt.time_base = packet.pts, packet.dts, packet.time_base
                spoilt.stream = streams[index]
                packet = spoilt
            output.mux(packet)
    with pytest.raises(DamagedMedia, match="sound cannot be decoded at") as caught:
        job(damaged, extension=".webm", **AV1).audio()
    assert caught.value.rule == "damaged"
