"""`media run` on sources that are fine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from media_ops.model import RunReport
from tests.cli.conftest import Media, left_in
from tests.everyday import slow

Clip = Callable[[str], Path]
FAST = ("--param", "preset=ultrafast")


@pytest.mark.parametrize("segments", [3, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 7, 40))])
def test_any_number_of_segments(media: Media, called: Media, clip: Clip, folder: Path, segments: int) -> None:
    source = clip("vfr.mp4")
    done = media("run", "transcode_h264", source, "-o", "out.mp4", "--segments", str(segments), *FAST, "--json")
    assert done.returncode == 0, done.stderr
    report = RunReport.model_validate_json(done.stdout)
    assert report.outcome == "succeeded"
    assert report.error is None
    assert report.outputs == [str(folder / "out.mp4")]
    assert report.slicing is not None
    assert (report.slicing.segments, report.slicing.used) == (segments, segments > 1)
    assert report.proof is not None
    assert (report.proof.frames_in, report.proof.pts_mismatches) == (report.proof.frames_out, 0)
    wanted = {"wall_seconds", "cpu_seconds", "frames", "bytes_in", "bytes_out", "compression_ratio", "speed"}
    assert wanted <= report.metrics.keys()
    assert not [figure for figure in report.metrics if figure.endswith("per_megapixel_frame")], "it makes no pictures"
    assert left_in(folder) == ["out.mp4", "out.mp4.proof.json"]
    assert called("compare", source, "out.mp4").returncode == 0


def test_lossless_is_exact(media: Media, called: Media, clip: Clip, folder: Path) -> None:
    source = clip("vfr.mp4")
    name = "out.mkv"
    done = media("run", "transcode_h264", source, "-o", name, "--segments", "3", *FAST, "--param", "lossless=true")
    assert done.returncode == 0, done.stderr
    assert "143 in, 143 out, 0 at another time" in done.stdout
    assert done.stderr == "", "no bars without a terminal"
    assert called("compare", source, name, "--exact").returncode == 0
    assert left_in(folder) == ["out.mkv", "out.mkv.proof.json"]


@pytest.mark.parametrize("option", [("--whole",), ("--segment-seconds", "1")])
def test_ways_to_slice(called: Media, clip: Clip, option: tuple[str, ...]) -> None:
    done = called("run", "transcode_h264", clip("silent.mp4"), "-o", "out.mp4", *option, *FAST, "--json")
    assert done.returncode == 0, done.stderr
    slicing = json.loads(done.stdout)["slicing"]
    assert slicing["used"] == (slicing["segments"] > 1)
    if not slicing["used"]:
        assert slicing["reason"]
    if option == ("--segment-seconds", "1"):
        assert slicing["segments"] == 4


@pytest.mark.parametrize("name", ["-out.MOV", pytest.param("sub folder/é.mp4", marks=pytest.mark.slow)])
def test_names_of_outputs(media: Media, clip: Clip, folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    assert media("run", "transcode_h264", clip("one_frame.mp4"), "-o", name, *FAST).returncode == 0
    assert (folder / name).stat().st_size


@pytest.mark.parametrize("given", [("--", "{name}"), slow(("file://{folder}/-in%20put é:1.mp4",))])
def test_names_of_inputs(called: Media, clip: Clip, folder: Path, given: tuple[str, ...]) -> None:
    name = "-in put é:1.mp4"
    (folder / name).write_bytes(clip("one_frame.mp4").read_bytes())
    uri = [part.format(name=name, folder=folder) for part in given]
    done = called("run", "transcode_h264", "-o", "out.mp4", *FAST, *uri)
    assert done.returncode == 0, done.stderr


def test_an_output_is_replaced_unless_it_must_not(called: Media, clip: Clip, folder: Path) -> None:
    output = folder / "out.mp4"
    output.write_bytes(b"old")
    refused = called("run", "transcode_h264", clip("one_frame.mp4"), "-o", "out.mp4", "--no-clobber", *FAST)
    assert (refused.returncode, output.read_bytes()) == (2, b"old")
    assert "'out.mp4' exists already" in refused.stderr
    assert called("run", "transcode_h264", clip("one_frame.mp4"), "-o", "out.mp4", *FAST).returncode == 0
    assert output.read_bytes() != b"old"
    assert left_in(folder) == ["out.mp4", "out.mp4.proof.json"]
