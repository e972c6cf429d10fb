"""The profile by ffprobe, and the anomalies of frame times."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ops import describe as describing
from media_ops.describe import anomalies, describe
from media_ops.errors import NotMedia, ToolMissing, WorldError

Clip = Callable[[str], Path]


def test_streams_and_tags(clip: Clip, tmp_path: Path) -> None:
    path = tmp_path / "out.mov"
    command = ["ffmpeg", "-v", "error", "-i", str(clip("plain.mp4")), "-i", str(clip("full_range.mp4"))]
    command += [
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        "-metadata",
        "title=A film",
        "-metadata:s:a:0",
        "language=eng",
    ]
    subprocess.run([*command, "-metadata:s:v:0", "rotate=90", str(path)], check=True)
    profile = describe(str(path))
    assert (profile.source, profile.container.split(",")[0]) == (str(path), "mov")
    assert profile.size == path.stat().st_size
    assert profile.tags["title"] == "A film"
    video, sound, full = profile.streams
    assert profile.video == video
    assert (video.kind, video.codec, video.pixel_format, video.width, video.height) == (
        "video",
        "h264",
        "yuv420p",
        320,
        180,
    )
    assert (abs(video.rotation), video.frame_rate, video.time_base) == (90, "25/1", "1/12800")
    assert video.colour is not None
    assert (video.colour.primaries, video.colour.range) == (None, None)
    assert (sound.kind, sound.language, sound.sample_rate, sound.channels) == ("audio", "eng", 48000, 1)
    assert profile.has_audio
    assert full.colour is not None
    assert full.colour.model_dump() == {
        "primaries": "bt709",
        "transfer": "bt709",
        "matrix": "bt709",
        "range": "pc",
        "chroma_location": "left",
    }


def test_anamorphic_and_cover_pictures(clip: Clip, tmp_path: Path) -> None:
    wide = describe(str(clip("anamorphic.mp4"))).video
    assert wide is not None
    assert wide.sample_aspect_ratio == "4:3"
    cover = tmp_path / "cover.png"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color", "-frames:v", "1", str(cover)], check=True)
    song = tmp_path / "song.m4a"
    command = ["ffmpeg", "-v", "error", "-i", str(clip("sound_only.m4a")), "-i", str(cover), "-map", "0", "-map", "1"]
    subprocess.run([*command, "-c", "copy", "-disposition:v:0", "attached_pic", str(song)], check=True)
    profile = describe(str(song))
    assert [stream.attached_picture for stream in profile.streams] == [False, True]
    assert profile.video is None


def test_chapters(clip: Clip, tmp_path: Path) -> None:
    marks = "".join(f"[CHAPTER]\nTIMEBASE=1/1\nSTART={n}\nEND={n + 1}\ntitle=c{n}\n" for n in range(3))
    (tmp_path / "marks").write_text(";FFMETADATA1\n" + marks)
    command = ["ffmpeg", "-v", "error", "-i", str(clip("plain.mp4")), "-i", str(tmp_path / "marks")]
    subprocess.run([*command, "-map_chapters", "1", "-c", "copy", str(tmp_path / "out.mkv")], check=True)
    assert describe(str(tmp_path / "out.mkv")).chapters == 3


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("text.txt", b"Some text.\n" * 900, "text"),
        ("zero.mp4", bytes(5000), "no media"),
        ("cut.mp4", None, "moov atom not found"),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nplain.mp4\n#EXT-X-ENDLIST\n", "no media"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile plain.mp4\n", "playlist"),
    ],
)
def test_no_media(clip: Clip, tmp_path: Path, name: str, body: bytes | None, reason: str) -> None:
    (tmp_path / "plain.mp4").symlink_to(clip("plain.mp4"))
    path = tmp_path / name
    path.write_bytes(clip("plain.mp4").read_bytes()[:50_000] if body is None else body)
    with pytest.raises(NotMedia, match=reason) as caught:
        describe(str(path))
    sentence = str(caught.value)
    assert str(path) in sentence
    assert not {"\n", "0x"} & set(sentence.replace("0x", "\n")), sentence


def test_without_ffprobe(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describing, "FFPROBE", "no-such-ffprobe")
    with pytest.raises(ToolMissing, match="no-such-ffprobe"):
        describe(str(clip("plain.mp4")))


def test_an_ffprobe_that_hangs(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ffprobe"
    program.write_text("#!/bin/sh\nexec sleep 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(describing, "FFPROBE", str(program))
    monkeypatch.setattr(describing, "PATIENCE", 0.2)
    before = time.monotonic()
    with pytest.raises(WorldError, match="no answer"):
        describe(str(clip("plain.mp4")))
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    ("pts", "base", "found"),
    [
        ([], "1/25", []),
        ([7], "1/25", []),
        ([0, 1, 2, 3], "1/25", []),
        ([0, 42, 83, 125, 167, 208], "1/1000", []),  # 24 a second in milliseconds
        ([-2, -1, 0, 1], "1/25", ["negative PTS: 2 frames before 0"]),
        ([0, 1, 1], "1/25", ["repeated PTS: 1 frame at", "varying frame rate: 0 to 40 ms"]),
        ([0, 1, 2, 4, 5], "1/25", ["varying frame rate: 40 to 80 ms"]),
    ],
)
def test_anomalies(pts: list[int], base: str, found: list[str]) -> None:
    told = anomalies(pts, Fraction(base))
    assert len(told) == len(found)
    for sentence, start in zip(told, found, strict=True):
        assert sentence.startswith(start)


@given(
    rate=st.sampled_from(["24", "25", "24000/1001", "30000/1001", "60", "12.5"]),
    base=st.sampled_from([1000, 12800, 90000, 10**9]),
    start=st.integers(0, 10**12),
    count=st.integers(3, 400),
)
def test_a_constant_rate_is_never_varying(rate: str, base: int, start: int, count: int) -> None:
    pts = [start + round(n * base / Fraction(rate)) for n in range(count)]
    assert anomalies(pts, Fraction(1, base)) == []
    assert len(anomalies(pts[:1] + pts[2:], Fraction(1, base))) == (count > 3)
