"""The other commands, and what they print."""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest

from media_ops import __version__
from media_ops.cli.parameters import takes_text
from tests.cli.conftest import MEDIA, Media

Clip = Callable[[str], Path]


def test_algorithms_one_a_line(media: Media) -> None:
    done = media("algorithms")
    assert done.returncode == 0
    assert "transcode_h264" in done.stdout.splitlines()


def test_version_and_help(media: Media) -> None:
    assert media("--version").stdout == f"media-ops {__version__}\n"
    assert "compare" in media("--help").stdout
    assert media().returncode == 64


def test_probe(media: Media, called: Media, clip: Clip) -> None:
    done = media("probe", clip("vfr.mp4"), "--json")
    found = json.loads(done.stdout)
    assert (found["frames"], found["index_by"]) == (143, "packets")
    assert [stream["kind"] for stream in found["profile"]["streams"]] == ["video", "audio"]
    assert any("varying frame rate" in anomaly for anomaly in found["profile"]["anomalies"])
    told = called("probe", clip("vfr.mp4"))
    assert "320x180" in told.stdout
    assert "varying frame rate" in told.stdout


def test_compare(media: Media, called: Media, clip: Clip) -> None:
    same = media("compare", clip("plain.mp4"), clip("plain.mp4"), "--exact", "--json")
    assert (same.returncode, json.loads(same.stdout)["differences"]) == (0, [])
    other = called("compare", clip("plain.mp4"), clip("silent.mp4"))
    assert other.returncode == 1
    assert "frame count: 200 against 100" in other.stdout
    assert called("compare", clip("plain.mp4"), "missing.mp4").returncode == 2


def test_help_is_cheap() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*MEDIA, "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.8  # 0.25 on a quiet machine


def test_help_loads_nothing_heavy() -> None:
    program = "import sys, media_ops.cli.app; print(sorted({'av', 'numpy', 'pydantic', 'cv2'} & set(sys.modules)))"
    done = subprocess.run([MEDIA[0], "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


class Shade(Enum):
    DARK = "dark"


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (str, True),
        (str | None, True),
        (Literal["a", "b"], True),
        (Shade, True),
        (int, False),
        (float | None, False),
        (bool, False),
        (Literal[1, 2], False),
        (list[str], False),
        (dict[str, Any], False),
    ],
)
def test_fields_that_take_text(annotation: object, text: bool) -> None:
    assert takes_text(annotation) is text
