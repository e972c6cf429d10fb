"""Whole jobs whose children may be silent for three seconds only: every long phase of every verb gives signs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.model import JobOptions
from media_ops.run import run

Clip = Callable[[str], Path]


@pytest.mark.parametrize(
    ("algorithm", "params", "name"),
    [("transcode_h264", {"preset": "veryslow"}, "plain.mp4"), ("denoise_fast", {}, "small.mp4")],
)
def test_a_job_is_left_alone(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, algorithm: str, params: dict[str, Any], name: str
) -> None:
    monkeypatch.setenv("MEDIA_OPS_STALL_SECONDS", "3")
    monkeypatch.setenv("MEDIA_OPS_TRIES", "1")
    options = JobOptions(segments=2, verify="full")
    report = run(algorithm, [str(clip(name))], str(tmp_path / "out.mp4"), params, options, workers=2)
    assert report.outcome == "succeeded", report.error
