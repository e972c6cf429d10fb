"""`media quality`, on a result of a job with a joint."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_ops.quality.installed import vmaf_program
from tests.cli.conftest import Media, left_in

Clip = Callable[[str], Path]
_JOINT = (0xB9, 0x77, 0x0E)


def test_scores_joints_plot_and_table(media: Media, made: Path) -> None:
    wanted = ["--plot", "plot.png", "--frames", "frames.csv"]
    done = media("quality", made / "source.mp4", made / "out.mp4", *wanted, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (found["frames"], found["width"], found["notes"]) == (200, 320, [])
    assert set(found["scores"]) == {"psnr_y", "psnr_u", "psnr_v", "psnr", "ssim", "vmaf"}
    assert found["vmaf_model"].startswith("vmaf_v0.6.1, libvmaf ")
    percentiles = list(found["scores"]["vmaf"]["percentiles"].values())
    assert percentiles == sorted(percentiles)
    assert {(joint["rank"], joint["metric"]) for joint in found["joints"]} == {(100, "psnr_y"), (100, "vmaf")}
    assert found["worst"][0]["scores"]["vmaf"] == percentiles[0]
    assert found["metrics"]["cpu_seconds"] > 0
    table = Path("frames.csv").read_text().splitlines()
    assert table[0] == "frame,seconds,psnr_y,psnr_u,psnr_v,psnr,ssim,vmaf"
    assert (len(table), table[-1].split(",")[:2]) == (201, ["199", "7.960000"])
    with Image.open("plot.png") as picture:
        assert picture.width == 1600
        pixels = np.asarray(picture.convert("RGB"), int)
    assert (np.abs(pixels - _JOINT).sum(axis=2) < 60).sum() > 300
    assert left_in(Path()) == ["frames.csv", "plot.png"]


def test_what_is_told(called: Media, made: Path) -> None:
    done = called("quality", made / "source.mp4", made / "out.mp4", "--no-vmaf")
    assert done.returncode == 0
    for part in ("PSNR Y", "SSIM Y", "5 %", "200 of 320x180", "joint", "frame 100 at 4.000 s", "neighbours"):
        assert part in done.stdout
    assert "VMAF" not in done.stdout


def test_a_bad_joint_is_told(called: Media, pair: Path) -> None:
    """Spoil the frames from the joint on, as a bad start of an encoder would."""
    blur = "boxblur=3:enable='between(n,100,101)'"
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(pair / "source.mp4"), "-vf", blur, "-an", "-c:v", "libx264"]
    subprocess.run([*command, "-crf", "18", str(pair / "out.mp4")], check=True, timeout=60)
    proof = pair / "out.mp4.proof.json"
    before = called("quality", pair / "source.mp4", pair / "out.mp4", "--no-vmaf")
    assert "the proof 'out.mp4.proof.json' is that of another file" in before.stdout
    document = json.loads(proof.read_text())
    document["output_size"] = (pair / "out.mp4").stat().st_size
    proof.write_text(json.dumps(document))
    done = called("quality", pair / "source.mp4", pair / "out.mp4", "--json")
    lower = {(joint["metric"], joint["lower"]) for joint in json.loads(done.stdout)["joints"]}
    assert lower == {("psnr_y", True), ("vmaf", True)}


def test_vmaf_that_is_not_installed(called: Media, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)  # then it is not found
    vmaf_program.cache_clear()
    try:
        asked = called("quality", made / "source.mp4", made / "out.mp4", "--vmaf", "--json")
        left_out = called("quality", made / "source.mp4", made / "out.mp4", "--json")
    finally:
        vmaf_program.cache_clear()
    assert (asked.returncode, json.loads(asked.stdout)["error"]["code"]) == (3, "tool_missing")
    assert "pip install imageio-ffmpeg" in asked.stderr
    found = json.loads(left_out.stdout)
    assert left_out.returncode == 0
    assert "vmaf" not in found["scores"]
    assert any("pip install imageio-ffmpeg" in note for note in found["notes"])


def test_bad_input_is_refused_by_name(called: Media, clip: Clip, made: Path) -> None:
    source = made / "source.mp4"
    Path("text.mp4").write_text("no film")
    Path("torn.mp4").write_bytes((made / "out.mp4").read_bytes()[:9000])
    cases: list[tuple[list[str | Path], str, str]] = [
        ([source, "missing.mp4"], "source_not_found", "missing.mp4"),
        (["missing.mp4", source], "source_not_found", "missing.mp4"),
        ([source, clip("sound_only.m4a")], "no_video", "no video"),
        ([source, "text.mp4"], "not_media", "text.mp4"),
        ([source, "torn.mp4"], "no_video", "torn.mp4"),
        ([source, clip("silent.mp4")], "not_comparable", "the source has 200 frames, the output 100"),
        ([source, made / "out.mp4", "--plot", "plot.jpg"], "params_invalid", "must end in .png"),
        ([source, made / "out.mp4", "--plot", "no/plot.png"], "params_invalid", "there is no folder"),
        ([source, made / "out.mp4", "--frames", "out.mp4"], "params_invalid", "must end in .csv"),
    ]
    before = left_in(Path())
    for arguments, code, part in cases:
        done = called("quality", *arguments, "--json")
        assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, code), done.stderr
        assert part in done.stderr
    assert left_in(Path()) == before


def test_a_film_is_never_written_over(called: Media, made: Path) -> None:
    shutil.copy(made / "source.mp4", "film.png")
    done = called("quality", "film.png", made / "out.mp4", "--plot", "film.png", "--no-vmaf")
    assert done.returncode == 2
    assert "it is one of the two films" in done.stderr
    assert Path("film.png").read_bytes() == (made / "source.mp4").read_bytes()


def test_nothing_is_written_where_measuring_fails(called: Media, clip: Clip, made: Path) -> None:
    Path("plot.png").write_bytes(b"as it was")
    done = called("quality", made / "source.mp4", clip("silent.mp4"), "--plot", "plot.png")
    assert done.returncode == 2
    assert Path("plot.png").read_bytes() == b"as it was"
    assert left_in(Path()) == ["plot.png"]
