"""Pixel formats and tags: kept where the encoder can, else the nearest and a warning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.errors import Unsupported
from media_ops.frames.look import display_matrix, first_frame
from tests.everyday import slow

Clip = Callable[[str], Path]


def video(path: Path) -> dict[str, Any]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        return {
            "format": context.pix_fmt,
            "range": context.color_range,
            "matrix": context.colorspace,
            "aspect": stream.sample_aspect_ratio,
            "size": (context.width, context.height),
        }


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("ten_bit.mkv", "yuv420p10le"),
        ("four_two_two.mkv", "yuv422p"),
        slow("four_four_four.mkv", "yuv444p"),
        ("odd_444.mkv", "yuv444p"),
        ("grey.mkv", "yuvj420p"),
    ],
)
def test_depth_and_chroma_are_kept(clip: Clip, job: Callable[..., Any], name: str, kept: str) -> None:
    work = job(clip(name))
    result = work.run(2, verify="full")
    assert video(work.output)["format"] == kept
    assert video(work.output)["size"] == video(clip(name))["size"]
    assert result.warnings == []


@pytest.mark.parametrize(("name", "words"), [("rgb.mkv", "converted to"), ("alpha.mov", "alpha channel is dropped")])
def test_what_the_encoder_cannot_take_is_converted_with_a_warning(
    clip: Clip, job: Callable[..., Any], name: str, words: str
) -> None:
    work = job(clip(name))
    plan = work.plan(work.probe(), segments=2)
    results = [work.segment(plan, n) for n in range(2)]
    assert any(words in warning for warning in results[0].warnings)
    work.merge(work.probe(), plan, results, None, verify="full")
    assert video(work.output)["format"] == "yuv444p"


def test_full_range_and_tags_are_kept(clip: Clip, job: Callable[..., Any]) -> None:
    work = job(clip("full_range.mp4"))
    proof = work.run(2, verify="full").proof
    assert video(work.output)["range"] == 2
    assert proof.colour_output == proof.colour_source
    assert (proof.colour_output.matrix, proof.colour_output.range) == ("bt709", "pc")


def test_anamorphic_stays_anamorphic(clip: Clip, job: Callable[..., Any]) -> None:
    work = job(clip("anamorphic.mp4"))
    work.run(2)
    assert video(work.output)["aspect"] == video(clip("anamorphic.mp4"))["aspect"] != 1


def test_odd_sizes_with_subsampled_chroma_are_refused_with_the_reason(clip: Clip, job: Callable[..., Any]) -> None:
    with pytest.raises(Unsupported, match=r"321x181 in yuv420p: libx264 cannot hold an odd size"):
        job(clip("odd.mkv")).run(1)


@pytest.mark.parametrize(
    "matrix",
    [
        slow((0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)),
        (0, 65536, 0, 65536, 0, 0, 0, 0, 1 << 30),
        slow((-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)),
    ],
    ids=["turned", "turned and mirrored", "mirrored"],
)
def test_turning_and_mirroring_are_kept(
    clip: Clip, job: Callable[..., Any], tmp_path: Path, matrix: tuple[int, ...]
) -> None:
    turned = tmp_path / "turned.mp4"
    with av.open(str(clip("silent.mp4"))) as source, av.open(str(turned), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.set_display_matrix(matrix)
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    assert display_matrix(first_frame(turned)) == matrix
    work = job(turned)
    work.run(2)
    assert display_matrix(first_frame(work.output)) == matrix


def test_a_matrix_that_only_the_decoder_knows_becomes_a_tag(clip: Clip, job: Callable[..., Any]) -> None:
    """VP8 is BT.601 by its specification; nothing in the file says so."""
    work = job(clip("vp8.webm"))
    proof = work.run(2).proof
    assert proof.colour_output.matrix == "bt470bg"
    assert video(work.output)["matrix"] == 5
