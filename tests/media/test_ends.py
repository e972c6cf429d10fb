"""How well the first and the last frames of a segment were encoded, as a decode of all of it would tell."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from media_ops.algorithm import EncoderSettings
from media_ops.encoders.ends import IDENTICAL, Ends
from media_ops.encoders.segment import SegmentEncoder
from media_ops.errors import FrameLost
from media_ops.frames.index import Facts

FACTS = Facts("rawvideo", "nut", Fraction(1, 25), Fraction(25), 320, 180, "yuv420p")
ENCODERS = {
    "x264, short GOPs": EncoderSettings("libx264", {"preset": "medium", "crf": "30"}, params={"keyint": "15"}),
    "x264, one GOP": EncoderSettings("libx264", {"preset": "medium", "crf": "30"}, params={"scenecut": "0"}),
    "x264 lossless": EncoderSettings("libx264", {"preset": "ultrafast", "qp": "0"}),
    "x265, open GOPs": EncoderSettings(
        "libx265", {"preset": "fast"}, params={"crf": "32", "keyint": "20", "open-gop": "1", "log-level": "error"}
    ),
    "AV1": EncoderSettings("libsvtav1", {"preset": "12", "crf": "45", "g": "32"}),
}


def films(count: int, facts: Facts) -> list[VideoFrame]:
    """A texture that moves, and gets noisier: each frame has a PSNR of its own."""
    rng = np.random.default_rng(7)
    wide = rng.integers(40, 200, (facts.height // 4, facts.width // 4 + count)).repeat(4, 0).repeat(4, 1)
    frames = []
    for number in range(count):
        frame = VideoFrame(facts.width, facts.height, facts.pixel_format)
        for plane in frame.planes:
            lines = np.frombuffer(memoryview(plane), np.uint16 if "10" in facts.pixel_format else np.uint8)
            picture = lines.reshape(plane.height, -1)
            moved = wide[: plane.height, 2 * number : 2 * number + plane.width].astype(np.int64)
            picture[:, : plane.width] = moved + rng.normal(0, 0.1 + number / 4, moved.shape)
        frames.append(frame)
    return frames


def encoded(path: Path, frames: list[VideoFrame], settings: EncoderSettings, facts: Facts) -> Ends:
    ends = Ends(len(frames))
    with SegmentEncoder(path, settings, facts, [3 * n for n in range(len(frames))], 1) as encoder:
        for number, frame in enumerate(frames):
            converted = encoder.convert(frame)
            ends.see(number, converted)
            encoder.encode(converted)
        encoder.finish()
    return ends


def luma(frame: VideoFrame) -> Any:
    array = frame.to_ndarray()
    return array[0] if array.ndim == 3 else array[: frame.height]


def luma_psnr(path: Path, frames: list[VideoFrame]) -> list[float]:
    """The same by a plain decode of everything."""
    with av.open(str(path)) as segment:
        decoded: list[Any] = list(segment.decode(video=0))
    assert len(decoded) == len(frames)
    found = []
    for one, other in zip(frames, decoded, strict=True):
        a, b = (np.asarray(luma(frame), np.float64) for frame in (one, other))
        error = ((a - b) ** 2).mean()
        peak = 1023 if "10" in one.format.name else 255
        found.append(10 * np.log10(peak**2 / error) if error else IDENTICAL)
    return found


@pytest.mark.parametrize("name", ENCODERS)
def test_every_frame_is_measured_against_its_own(tmp_path: Path, name: str) -> None:
    frames, path = films(70, FACTS), tmp_path / "segment.nut"
    found = encoded(path, frames, ENCODERS[name], FACTS).psnr(path, 1)
    whole = luma_psnr(path, frames)
    assert sorted(found) == [*range(-12, 12)]
    assert {n: luma for n, (luma, _) in found.items()} == pytest.approx({n: whole[n] for n in found}, abs=0.01)
    if "lossless" not in name:
        assert len({luma for luma, _ in found.values()}) > 12


@pytest.mark.parametrize("count", [1, 12, 23, 24, 25])
def test_short_segments_have_fewer_ends(tmp_path: Path, count: int) -> None:
    frames, path = films(count, FACTS), tmp_path / "segment.nut"
    found = encoded(path, frames, ENCODERS["x264, one GOP"], FACTS).psnr(path, 2)
    whole = luma_psnr(path, frames)
    near = min(count, 12)
    assert sorted(found) == [*range(-near, near)]
    assert {n: luma for n, (luma, _) in found.items()} == pytest.approx({n: whole[n] for n in found}, abs=0.01)


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv444p", "gray", "gray10le"])
def test_pixel_formats(tmp_path: Path, pixel_format: str) -> None:
    facts = replace(FACTS, pixel_format=pixel_format)
    frames, path = films(20, facts), tmp_path / "segment.nut"
    found = encoded(path, frames, ENCODERS["x264, one GOP"], facts).psnr(path, 1)
    whole = luma_psnr(path, frames)
    assert {n: luma for n, (luma, _) in found.items()} == pytest.approx({n: whole[n] for n in found}, abs=0.01)
    if pixel_format.startswith("gray"):
        assert all(luma == planes for luma, planes in found.values())


def test_of_large_pictures_some_lines_are_enough(tmp_path: Path) -> None:
    facts = replace(FACTS, width=1920, height=1080)
    frames, path = films(8, facts), tmp_path / "segment.nut"
    ends = encoded(path, frames, EncoderSettings("libx264", {"preset": "ultrafast", "crf": "30"}), facts)
    kept = [sum(plane.nbytes for plane in planes) for planes in ends._kept.values()]
    assert max(kept) <= 1 << 20
    assert [luma for n, (luma, _) in sorted(ends.psnr(path, 1).items()) if n >= 0] == pytest.approx(
        luma_psnr(path, frames), abs=0.2
    )


def test_a_frame_that_does_not_come_out_again_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "segment.nut"
    ends = encoded(path, films(40, FACTS), ENCODERS["x264, one GOP"], FACTS)
    encoded(path, films(30, FACTS), ENCODERS["x264, one GOP"], FACTS)
    with pytest.raises(FrameLost, match="frame 30 of 40 cannot be decoded again"):
        ends.psnr(path, 1)
