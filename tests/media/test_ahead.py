"""Frames that an encoder is shown behind its segment: the last ones are as good as in a longer run."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

import av
import pytest
from av.video.frame import VideoFrame

from media_ops.algorithm import EncoderSettings
from media_ops.encoders.segment import SegmentEncoder
from media_ops.encoders.x264 import x264
from media_ops.encoders.x265 import x265
from tests.media.test_ends import FACTS, films, luma_psnr

OWN, AHEAD = 60, 20
ENCODERS = {
    "x264": x264(crf=28, preset="medium", lossless=False),
    "x264, many B-frames": x264(crf=28, preset="slow", lossless=False),
    "x265": x265(crf=28, preset="fast", lossless=False),
}


@pytest.fixture(scope="module")
def film() -> list[VideoFrame]:
    return films(OWN + AHEAD, FACTS)


def encoded(
    path: Path, film: list[VideoFrame], own: int, ahead: int, settings: EncoderSettings, threads: int
) -> None:
    times = [3 * number for number in range(own)]
    with SegmentEncoder(path, settings, FACTS, times, threads, ahead=ahead > 0) as encoder:
        for number, frame in enumerate(film[: own + ahead]):
            converted = encoder.convert(frame)
            if number < own:
                encoder.encode(converted)
            else:
                encoder.show(converted)
        encoder.finish()


def shown(path: Path) -> list[int]:
    """Times of the frames that a decoder gives, from the first one on; none is damaged."""
    with av.open(str(path)) as segment:
        frames: list[Any] = list(segment.decode(video=0))
    assert not any(frame.is_corrupt for frame in frames)
    return [int((frame.pts - frames[0].pts) * frame.time_base / FACTS.time_base) for frame in frames]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize(("own", "ahead"), [(OWN, AHEAD), (OWN, 1), (1, AHEAD), (2, 3)])
def test_what_is_shown_is_not_in_the_segment(
    film: list[VideoFrame], tmp_path: Path, name: str, threads: int, own: int, ahead: int
) -> None:
    path = tmp_path / "segment.nut"
    encoded(path, film, own, ahead, ENCODERS[name], threads)
    assert shown(path) == [3 * number for number in range(own)]


def test_the_last_frames_are_as_good_as_in_a_longer_run(film: list[VideoFrame], tmp_path: Path) -> None:
    quality = {}
    for name, own, ahead in (("whole", OWN + AHEAD, 0), ("cut", OWN, 0), ("ahead", OWN, AHEAD)):
        path = tmp_path / f"{name}.nut"
        encoded(path, film, own, ahead, ENCODERS["x264"], 1)
        quality[name] = luma_psnr(path, film[:own])[OWN - 4 : OWN]
    lost = {name: mean(quality["whole"]) - mean(quality[name]) for name in ("cut", "ahead")}
    assert lost["cut"] > 0.5
    assert lost["ahead"] < lost["cut"] / 3
