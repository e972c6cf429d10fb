"""Whole jobs whose children may be silent for five seconds only: every long phase of every verb gives signs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.crew import Event
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
    monkeypatch.setenv("MEDIA_OPS_STALL_SECONDS", "5")
    monkeypatch.setenv("MEDIA_OPS_TRIES", "1")
    options = JobOptions(segments=2, verify="full")
    report = run(algorithm, [str(clip(name))], str(tmp_path / "out.mp4"), params, options, workers=2)
    assert report.outcome == "succeeded", report.error


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize("how", ["spin", "stop", "crash"])
def test_what_is_ended_is_tried_again_alone(
    clip: Clip, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIA_OPS_STALL_SECONDS", "5")
    events: list[Event] = []
    params = {"how": how, "at": 20, "once": str(tmp_path)}
    options = JobOptions(segments=2)
    source, made = str(clip("tiny.mp4")), str(tmp_path / "out.mp4")
    report = run("misbehaving", [source], made, params, options, workers=2, on_event=events.append)
    assert report.outcome == "succeeded", report.error
    assert report.proof is not None
    assert report.proof.frames_out == 25
    retried = [(event.stage, event.order) for event in events if event.state == "retried"]
    assert retried == [("process", 1)]
    finished = [(event.stage, event.order) for event in events if event.state == "finished"]
    assert sorted(order for stage, order in finished if stage == "process") == [0, 1]  # type: ignore[type-var]
