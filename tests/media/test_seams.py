"""Whole jobs: where they are cut, and what the proof says of how a joint shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from media_ops.encoders import chosen
from media_ops.errors import SeamShows
from media_ops.requests import MergeResult

Clip = Callable[[str], Path]
GRAPH = (
    "testsrc2=s=320x180:r=25:d=3.6,format=yuv420p,setsar=1[a];"
    "mandelbrot=s=320x180:r=25,trim=duration=4.4,format=yuv420p,setsar=1[b];[a][b]concat"
)


@pytest.mark.parametrize(
    ("options", "cut_at"),
    [((), 90), (("-g", "50"), 90), (("-g", "50", "-sc_threshold", "0"), 100)],
    ids=["scene cuts", "scene cuts and a longest GOP", "fixed GOPs"],
)
def test_a_film_is_cut_where_its_encoder_saw_a_new_scene(
    film: Callable[..., Path], job: Callable[..., Any], options: tuple[str, ...], cut_at: int
) -> None:
    encode = ["-c:v", "libx264", "-preset", "veryfast", *options]
    source = film(f"two-scenes{len(options)}.mp4", "-filter_complex", GRAPH, *encode)
    work = job(source)
    plan = work.plan(work.probe(), segments=2)
    assert [segment.start for segment in plan.segments] == [0, cut_at]


def spoilt(
    job: Any,
    monkeypatch: pytest.MonkeyPatch,
    zone: str | None = None,
    changes: dict[str, Any] | None = None,
    **more: Any,
) -> MergeResult:
    """Do a job of two segments, encoded otherwise: the first by a zone of x264, the second by its parameters."""
    probed = job.probe()
    plan = job.plan(probed, segments=2)
    usual = chosen.settings_of

    def worse(algorithm: Any) -> Any:
        settings = usual(algorithm)
        return replace(settings, params=settings.params | {"zones": str(zone)})

    with monkeypatch.context() as patched:
        if zone:
            patched.setattr(chosen, "settings_of", worse)
        first = job.segment(plan, 0)
    result: MergeResult = job.merge(
        probed, plan, [first, job.segment(plan, 1, **(changes or {}))], job.audio(), **more
    )
    return result


def test_a_clean_joint_does_not_show(clip: Clip, job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    proof = spoilt(job(clip("plain.mp4")), monkeypatch, seams="fail").proof
    (joint,) = proof.joints
    assert len(joint.seam_psnr) == 6
    assert all(30 < value < 60 for value in joint.seam_psnr)
    assert joint.drop_db is not None
    assert joint.drop_db < 3
    assert (proof.seams, proof.seam_limit_db, proof.warnings) == ("fail", 5.0, [])


@pytest.mark.parametrize("last", [1, 3])
def test_last_frames_at_crf_40_show(
    clip: Clip, job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    work = job(clip("plain.mp4"))
    merged = spoilt(work, monkeypatch, f"{100 - last},99,q=43")
    (joint,) = merged.proof.joints
    assert joint.drop_db is not None
    assert joint.drop_db > 5
    assert min(joint.seam_psnr) == joint.seam_psnr[2] < min(joint.seam_psnr[3:]) - 5
    said = f"the joint at frame 100 shows: a frame beside it lies {joint.drop_db:.1f} dB under its neighbours"
    assert merged.proof.warnings == merged.warnings == [said]


def test_a_job_may_fail_then_and_publishes_nothing(
    clip: Clip, job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = job(clip("plain.mp4"))
    with pytest.raises(SeamShows, match="more than the 5 dB that the job allows") as failure:
        spoilt(work, monkeypatch, "97,99,q=43", seams="fail")
    assert failure.value.rule == "seam-shows"
    assert not [path for path in work.folder.iterdir() if path.name.startswith("output")]


def test_the_limit_is_the_jobs(clip: Clip, job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    merged = spoilt(job(clip("plain.mp4")), monkeypatch, "97,99,q=43", seams="fail", seam_limit_db=40.0)
    assert merged.proof.warnings == []
    assert merged.proof.seam_limit_db == 40


def test_a_segment_that_is_worse_altogether_shows(
    clip: Clip, job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = spoilt(job(clip("plain.mp4")), monkeypatch, changes={"crf": 45}).proof
    assert "the joint at frame 100 shows" in proof.warnings[0]


def test_who_does_not_look_is_told_nothing(
    clip: Clip, job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = spoilt(job(clip("plain.mp4")), monkeypatch, "97,99,q=43", seams="off").proof
    assert (proof.seams, proof.seam_limit_db, proof.warnings) == ("off", None, [])


def test_what_is_lossless_is_not_measured(clip: Clip, job: Callable[..., Any]) -> None:
    work = job(clip("plain.mp4"), params={"preset": "ultrafast", "lossless": True})
    (joint,) = work.run(2).proof.joints
    assert (joint.seam_psnr, joint.drop_db) == ([], None)


def test_what_an_algorithm_made_is_what_was_to_be_encoded(clip: Clip, job: Callable[..., Any]) -> None:
    work = job(clip("plain.mp4"), algorithm="enhance_color", params={"crf": 20, "preset": "ultrafast"})
    (joint,) = work.run(2).proof.joints
    assert all(30 < value < 60 for value in joint.seam_psnr)
    assert joint.drop_db is not None
