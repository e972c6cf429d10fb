"""PSNR and SSIM beside the filters of the system's ffmpeg, VMAF beside the same library fed with two files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from media_ops.quality.installed import require_vmaf
from tests.quality.conftest import Columns, Film, by_filters, per_frame

MOVING = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1.6"]
# Frames of one length, then gaps: what pairs by number alone, or by a frame rate, pairs wrong ones.
VARYING = ["-vf", "select='not(eq(mod(n,7),3))*not(eq(mod(n,7),4))'", "-fps_mode", "passthrough"]
VARYING += ["-enc_time_base", "-1"]


def pair(film: Film, kind: str) -> tuple[Path, Path]:
    """Give a source and what was made of it."""
    again = ["-fps_mode", "passthrough", "-enc_time_base", "-1"]
    if kind == "ten bit":
        source = film("ten.mkv", *MOVING, "-c:v", "ffv1", "-pix_fmt", "yuv420p10le")
        return source, film(
            "ten_out.mkv", "-i", source, "-c:v", "libx265", "-crf", "34", "-x265-params", "log-level=none"
        )
    if kind == "varying":
        source = film("varying.mp4", *MOVING, *VARYING, "-c:v", "libx264", "-crf", "10", "-pix_fmt", "yuv420p")
        return source, film("varying_out.mp4", "-i", source, *again, "-c:v", "libx264", "-crf", "36")
    layout = {"eight bit": "yuv420p", "four two two": "yuv422p", "four four four": "yuv444p"}[kind]
    source = film(f"{layout}.mkv", *MOVING, "-c:v", "ffv1", "-pix_fmt", layout)
    return source, film(f"{layout}_out.mkv", "-i", source, "-c:v", "libx264", "-crf", "36", "-pix_fmt", layout)


@pytest.mark.parametrize("kind", ["eight bit", "ten bit", "four two two", "four four four", "varying"])
def test_psnr_and_ssim_are_those_of_the_filters(film: Film, tmp_path: Path, kind: str) -> None:
    source, output = pair(film, kind)
    report, ours = per_frame(source, output, tmp_path)
    theirs = by_filters(source, output)
    assert report.frames == len(theirs["psnr"]) == (28 if kind == "varying" else 40)
    for name, values in theirs.items():
        assert np.abs(ours[name] - values).max() < (1e-4 if name == "ssim" else 1e-3), name
    assert ours["psnr_y"].max() < 45


@pytest.mark.parametrize("kind", ["eight bit", "ten bit", "four four four"])
def test_vmaf_out_of_memory_is_that_of_two_files(film: Film, tmp_path: Path, kind: str) -> None:
    source, output = pair(film, kind)
    report, ours = per_frame(source, output, tmp_path, vmaf=True)
    theirs = by_program(source, output)
    assert report.vmaf_model is not None
    assert report.vmaf_model.startswith("vmaf_v0.6.1, libvmaf ")
    assert np.abs(ours["vmaf"] - theirs["vmaf"]).max() < 1e-5
    assert 20 < ours["vmaf"].mean() < 90


def test_vmaf_of_a_varying_frame_rate_pairs_by_time(film: Film, tmp_path: Path) -> None:
    source, output = pair(film, "varying")
    _, ours = per_frame(source, output, tmp_path, vmaf=True)
    flat = [tmp_path / "source.y4m", tmp_path / "output.y4m"]
    for film_, path in zip((source, output), flat, strict=True):  # without times: every frame after the other
        command = ["ffmpeg", "-v", "error", "-i", str(film_), "-vf", "setpts=N/25/TB", "-fps_mode", "passthrough"]
        subprocess.run([*command, str(path)], check=True, timeout=60)
    assert np.abs(ours["vmaf"] - by_program(*flat)["vmaf"]).max() < 1e-5


def by_program(source: Path, output: Path) -> Columns:
    """Give VMAF as the program says that is given both files."""
    graph = "[0:v][1:v]libvmaf=log_fmt=json:log_path=/dev/stdout"
    command = [str(require_vmaf()), "-v", "error", "-nostdin", "-i", str(output), "-i", str(source), "-lavfi", graph]
    done = subprocess.run([*command, "-f", "null", "-"], check=True, capture_output=True, timeout=120)
    found = json.loads(done.stdout)
    return {"vmaf": np.array([frame["metrics"]["vmaf"] for frame in found["frames"]])}
