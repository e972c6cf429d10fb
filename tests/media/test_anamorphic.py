"""Samples that are not square stay so, or the job is refused before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.model import JobOptions
from media_ops.run import run
from tests.everyday import slow
from tests.media.conftest import Job

Clip = Callable[[str], Path]
WATERMARK = {"text": "x", "encoder": "ffv1"}


def job(name: str, source: Path, output: Path, params: dict[str, Any]) -> Any:
    return run(name, [str(source)], str(output), params, JobOptions(segments=2), workers=2)


@pytest.mark.parametrize(
    ("name", "suffix", "params"),
    [("transcode_av1", ".mkv", {}), slow("transcode_av1", ".webm", {}), ("watermark", ".mkv", WATERMARK)],
)
def test_what_would_lose_the_shape_of_samples_is_refused(
    name: str, suffix: str, params: dict[str, Any], clip: Clip, tmp_path: Path
) -> None:
    report = job(name, clip("anamorphic.mp4"), tmp_path / f"out{suffix}", params)
    assert (report.error["code"], report.error["rule"]) == ("unsupported", "anamorphic-matroska")
    assert "choose .mp4" in report.error["message"]
    assert report.slicing is None
    assert list(tmp_path.iterdir()) == []


def test_ffv1_keeps_it_in_mp4(clip: Clip, tmp_path: Path) -> None:
    source = clip("anamorphic.mp4")
    work = Job(source, tmp_path / "job", WATERMARK, "watermark")
    work.run(2)
    with av.open(str(source)) as before, av.open(str(work.output)) as after:
        shapes = [container.streams.video[0].sample_aspect_ratio for container in (before, after)]
    assert shapes[0] == shapes[1] != 1
