"""A target height: even sizes, the same shape, the same frames and times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from media_ops.encoders.formats import scaled_size
from media_ops.errors import ParamsInvalid, Unsupported
from media_ops.frames.index import Facts
from tests.everyday import ordinarily

Film = Callable[..., Path]

FACTS = Facts("h264", "mov", Fraction(1, 25), Fraction(25), 1920, 1080, "yuv420p")


@pytest.mark.parametrize(
    ("size", "height", "expected"),
    [
        ((1920, 1080), None, (1920, 1080)),
        ((1920, 1080), 1080, (1920, 1080)),
        ((1920, 1080), 720, (1280, 720)),
        ((1920, 1080), 480, (854, 480)),
        ((320, 240), 1080, (1440, 1080)),
        ((321, 181), 90, (160, 90)),
        ((720, 576), 288, (360, 288)),
        ((1080, 1920), 1280, (720, 1280)),
        ((16, 4000), 400, (2, 400)),
    ],
)
def test_the_width_follows(size: tuple[int, int], height: int | None, expected: tuple[int, int]) -> None:
    assert scaled_size(replace(FACTS, width=size[0], height=size[1]), height) == expected


@pytest.mark.parametrize("height", [0, 15, 17, 99999])
def test_impossible_heights_are_refused_in_the_form(job: Callable[..., Any], height: int, tmp_path: Path) -> None:
    from media_ops.registry import get

    with pytest.raises(ParamsInvalid, match="height"):
        get("transcode_h264").from_params({"height": height})


@pytest.mark.parametrize(
    ("algorithm", "params"),
    [
        ("transcode_h264", {"preset": "ultrafast"}),
        ("transcode_h265", {"preset": "ultrafast"}),
        ("transcode_av1", {"preset": 12}),
    ],
)
@pytest.mark.parametrize("height", ordinarily([48, 180], 48))
def test_scaled_segments_join(
    film: Film, job: Callable[..., Any], algorithm: str, params: dict[str, Any], height: int
) -> None:
    recipe = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-vf", "setsar=4/3", "-pix_fmt", "yuv420p"]
    clip = film("anamorphic.mp4", *recipe, "-c:v", "libx264")
    work = job(clip, algorithm=algorithm, params=params | {"height": height})
    proof = work.run(3, verify="full").proof
    assert proof.frames_compared == 25
    with av.open(str(work.output)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == ({48: 86, 180: 320}[height], height)
        assert stream.sample_aspect_ratio == Fraction(4, 3)


def test_segments_scale_as_the_whole_does(film: Film, job: Callable[..., Any]) -> None:
    clip = film("fine.mkv", "-f", "lavfi", "-i", "testsrc2=s=192x108:r=25:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv422p")
    pictures = []
    for segments in (1, 4):
        work = job(clip, params={"preset": "ultrafast", "lossless": True, "height": 54})
        work.run(segments, verify="full")
        with av.open(str(work.output)) as container:
            pictures.append([frame.to_ndarray() for frame in container.decode(video=0)])
    assert all(np.array_equal(a, b) for a, b in zip(*pictures, strict=True))


def test_brightness_and_colour_do_not_shift(film: Film, job: Callable[..., Any]) -> None:
    clip = film("still.mkv", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=25", "-t", "0.2", "-c:v", "ffv1")
    clip = film("still_420.mkv", "-i", str(clip), "-c:v", "ffv1", "-pix_fmt", "yuv420p")
    work = job(clip, params={"preset": "ultrafast", "lossless": True, "height": 90})
    work.run(2)
    means = []
    for path in (clip, work.output):
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            planes = [
                np.frombuffer(bytes(p), np.uint8).reshape(p.height, p.line_size)[:, : p.width] for p in frame.planes
            ]
            means.append([float(plane.mean()) for plane in planes])
    assert means[0] == pytest.approx(means[1], abs=0.5)


def test_an_odd_source_is_possible_with_a_target_height(film: Film, job: Callable[..., Any]) -> None:
    source = "testsrc2=s=98x66:r=25,format=yuv444p,crop=97:65:0:0:exact=1"
    clip = film("odd_small.mkv", "-f", "lavfi", "-i", source, "-t", "0.4", "-c:v", "ffv1", "-pix_fmt", "yuv420p")
    with pytest.raises(Unsupported, match="odd size") as caught:
        job(clip).run(1)
    assert caught.value.rule == "odd-size"
    job(clip, params={"preset": "ultrafast", "height": 64}).run(2, verify="full")


def test_interlaced_pictures_are_not_scaled(film: Film, job: Callable[..., Any]) -> None:
    filters = "tinterlace=mode=interleave_top,setfield=tff,format=yuv420p"
    clip = film(
        "fields.mp4",
        *["-f", "lavfi", "-i", "testsrc2=s=160x96:r=50:d=0.4", "-vf", filters],
        *["-c:v", "libx264", "-flags", "+ildct+ilme"],
    )
    with pytest.raises(Unsupported, match="interlaced") as caught:
        job(clip, params={"height": 48}).run(1)
    assert caught.value.rule == "interlaced-scaling"
    job(clip, params={"preset": "ultrafast", "height": 96}).run(2)


def test_too_small_a_picture_is_refused(film: Film, job: Callable[..., Any]) -> None:
    clip = film("tiny.mkv", "-f", "lavfi", "-i", "testsrc2=s=12x12:r=25:d=0.2", "-c:v", "ffv1", "-pix_fmt", "yuv420p")
    with pytest.raises(Unsupported) as caught:
        job(clip, algorithm="transcode_h265").run(1)
    assert caught.value.rule == "small-picture"
    job(clip, params={"preset": "ultrafast"}).run(1)


def test_work_is_priced_by_the_size_that_is_encoded(clip: Callable[[str], Path], job: Callable[..., Any]) -> None:
    def reason(**params: Any) -> str:
        work = job(clip("silent.mp4"), params={"preset": "ultrafast", **params})
        return str(work.plan(work.probe()).slicing.reason)

    assert "about 0.0 CPU-s" in reason(height=90)
    assert reason(height=720) != reason()
