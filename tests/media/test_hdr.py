"""HDR10 metadata, HLG, fields: kept in the coded stream and in the container, or named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.container.light import check_light, with_light
from media_ops.errors import ProofFailed
from media_ops.frames.light import Light
from media_ops.frames.look import look
from tests.everyday import ordinarily

Film = Callable[..., Path]

FAST: dict[str, dict[str, Any]] = {
    "transcode_h264": {"preset": "ultrafast"},
    "transcode_h265": {"preset": "ultrafast"},
    "transcode_av1": {"preset": 12},
}
EXTENSIONS = {
    "transcode_h264": (".mp4", ".mov", ".mkv"),
    "transcode_h265": (".mp4", ".mov", ".mkv"),
    "transcode_av1": (".mp4", ".mkv", ".webm"),
}
PAIRS = [(algorithm, extension) for algorithm, extensions in EXTENSIONS.items() for extension in extensions]
LIGHT = Light((13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10000000, 50), (1000, 400))
PQ = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"]
MOVING = ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=0.8"]


@pytest.fixture
def hdr(film: Film) -> Path:
    gx, gy, bx, by, rx, ry, wx, wy, most, least = LIGHT.display
    display = f"G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy})L({most},{least})"
    params = f"log-level=error:hdr10=1:master-display={display}:max-cll={LIGHT.content[0]},{LIGHT.content[1]}"
    return film("hdr.mp4", *MOVING, "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", params, *PQ)


@pytest.mark.parametrize(
    ("algorithm", "extension"),
    ordinarily(PAIRS, ("transcode_h264", ".mkv"), ("transcode_h265", ".mov"), ("transcode_av1", ".mp4")),
)
def test_hdr10_stands_in_the_stream_and_in_the_container(
    hdr: Path, job: Callable[..., Any], algorithm: str, extension: str
) -> None:
    work = job(hdr, algorithm=algorithm, params=FAST[algorithm], extension=extension)
    result = work.run(2, verify="full")
    assert result.warnings == []
    slack = 1 if algorithm == "transcode_av1" else 0
    assert look(work.output).light.near(LIGHT, slack)
    check_light(work.output, LIGHT, slack)
    assert (result.proof.colour_output.transfer, result.proof.colour_output.primaries) == ("smpte2084", "bt2020")


def test_light_that_the_container_does_not_say_is_noticed(hdr: Path) -> None:
    """The ffmpeg program that made the source wrote it into the stream only."""
    with pytest.raises(ProofFailed, match="of the container became"):
        check_light(hdr, LIGHT, 0)


def test_hdr_of_a_container_alone_is_kept(film: Film, job: Callable[..., Any], tmp_path: Path) -> None:
    plain = film("plain_pq.mp4", *MOVING, "-pix_fmt", "yuv420p10le", "-c:v", "libx264", *PQ)
    source = tmp_path / "container_only.mp4"
    with av.open(str(plain)) as reading, av.open(str(source), "w") as output:
        packets = [packet for packet in reading.demux(video=0) if packet.size]
        with av.open(str(plain)) as again, with_light(again.streams.video[0], LIGHT) as template:
            copy = output.add_stream_from_template(template.streams.video[0], opaque=True)
            copy.time_base = reading.streams.video[0].time_base
            for packet in packets:
                packet.stream = copy
                output.mux(packet)
    assert look(source).light == LIGHT
    with pytest.raises(ProofFailed, match="of the stream became"):
        check_light(source, LIGHT, 0)
    work = job(source, algorithm="transcode_h265", params=FAST["transcode_h265"])
    work.run(3)
    check_light(work.output, LIGHT, 0)


@pytest.mark.parametrize("algorithm", ordinarily(sorted(FAST), "transcode_h265"))
def test_hlg_stays_hlg(film: Film, job: Callable[..., Any], algorithm: str) -> None:
    tags = ["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc"]
    clip = film("hlg.mp4", *MOVING, "-pix_fmt", "yuv420p10le", "-c:v", "libx264", *tags)
    proof = job(clip, algorithm=algorithm, params=FAST[algorithm]).run(2, verify="full").proof
    assert proof.colour_output.transfer == proof.colour_source.transfer == "arib-std-b67"
    assert proof.colour_output.chroma_location == proof.colour_source.chroma_location == "left"


@pytest.mark.parametrize(
    ("order", "number", "extension"),
    ordinarily(
        [(*order, extension) for order in (("tff", 2), ("bff", 3)) for extension in (".mp4", ".mov", ".mkv")],
        ("tff", 2, ".mov"),
        ("tff", 2, ".mkv"),
        ("bff", 3, ".mp4"),
    ),
)
def test_the_order_of_fields_is_kept(
    film: Film, job: Callable[..., Any], order: str, number: int, extension: str
) -> None:
    weave = {"tff": "interleave_top", "bff": "interleave_bottom"}[order]
    filters = f"tinterlace=mode={weave},setfield={order},format=yuv420p"
    clip = film(
        f"{order}.mp4",
        *["-f", "lavfi", "-i", "testsrc2=s=160x96:r=50:d=1", "-vf", filters],
        *["-c:v", "libx264", "-flags", "+ildct+ilme", "-x264-params", f"{order}=1"],
    )
    assert look(clip).field_order == number
    work = job(clip, params=FAST["transcode_h264"], extension=extension)
    work.run(2, verify="full")
    made = look(work.output)
    assert made.field_order == number
    assert made.frame is not None
    assert made.frame.interlaced_frame


def test_h265_says_the_order_of_fields_in_the_container(film: Film, job: Callable[..., Any]) -> None:
    filters = "tinterlace=mode=interleave_bottom,setfield=bff,format=yuv420p"
    clip = film(
        "mpeg2_bff.ts",
        *["-f", "lavfi", "-i", "testsrc2=s=160x96:r=50:d=1", "-vf", filters],
        *["-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-top", "0", "-q:v", "3"],
    )
    work = job(clip, algorithm="transcode_h265", params=FAST["transcode_h265"])
    plan = work.plan(work.probe(), segments=2)
    results = [work.segment(plan, number) for number in range(2)]
    assert any("order of fields" in warning for warning in results[0].warnings)
    work.merge(work.probe(), plan, results, None)
    assert look(work.output).field_order == 3
