"""`media run` of algorithms that make pictures, and how `media algorithms` tells of them."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from media_ops.model import RunReport
from tests.cli.conftest import MEDIA, Media, left_in

Clip = Callable[[str], Path]
FAST = ("--param", "preset=ultrafast")


@pytest.fixture
def logo(folder: Path) -> str:
    from PIL import Image

    Image.new("RGB", (32, 16), (250, 30, 30)).save(folder / "logo.png")
    return "logo.png"


def test_a_second_input_is_the_logo(media: Media, called: Media, clip: Clip, folder: Path, logo: str) -> None:
    done = media("run", "watermark", clip("silent.mp4"), logo, "-o", "out.mp4", "--segments", "2", *FAST, "--json")
    assert done.returncode == 0, done.stderr
    report = RunReport.model_validate_json(done.stdout)
    assert report.inputs == [str(clip("silent.mp4")), logo]
    assert report.proof is not None
    assert report.proof.params["image"] == str(folder / logo)
    assert list(report.proof.files) == ["image"]
    assert left_in(folder) == ["logo.png", "out.mp4", "out.mp4.proof.json"]
    assert called("proof", "out.mp4", "--check").returncode == 0


@pytest.mark.parametrize(
    ("inputs", "given", "words"),
    [
        (["logo.png"], "image=logo.png", "parameter image is given, and an input for it"),
        (["logo.png", "logo.png"], None, "watermark takes 1 to 2 inputs, not 3"),
        (["http://127.0.0.1:9/logo.png"], None, "parameter image: "),
        (["none.png"], None, "parameter image: "),
        ([], "image=none.png", "parameter image: "),
        ([], "font=logo.png", "parameter font: "),
    ],
)
def test_wrong_inputs_are_refused(
    called: Media, clip: Clip, folder: Path, logo: str, inputs: list[str], given: str | None, words: str
) -> None:
    params = ["--param", given] if given else []
    params += ["--param", "text=x"] if given and given.startswith("font") else []
    done = called("run", "watermark", clip("silent.mp4"), *inputs, "-o", "out.mp4", *params)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert left_in(folder) == ["logo.png"]


def test_an_algorithm_of_one_input_takes_one(media: Media, clip: Clip, folder: Path, logo: str) -> None:
    done = media("run", "denoise", clip("silent.mp4"), logo, "-o", "out.mp4")
    assert (done.returncode, "denoise takes one input, not 2" in done.stderr) == (2, True)


def test_a_terminal_is_told_how_algorithms_work(folder: Path) -> None:
    reading, terminal = pty.openpty()
    try:
        subprocess.run([*MEDIA, "algorithms"], stdout=terminal, check=True, env=dict(os.environ, COLUMNS="200"))
        lines = os.read(reading, 100_000).decode().splitlines()
    finally:
        os.close(terminal)
        os.close(reading)
    told = {line.split()[0]: line.split()[1:4] for line in lines if line.split()}
    assert told["denoise"] == ["1.0.0", "frames", "exact"]
    assert told["denoise_fast"] == ["1.0.0", "frames", "converging"]
    assert told["transcode_av1"][1:] == ["encoding", "exact"]
