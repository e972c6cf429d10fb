"""What people really have, each clip cut in four: exact, processed whole by a rule, or refused by one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.compare import compare
from media_ops.errors import MediaError
from tests.everyday import ordinarily
from tests.nasty_recipes import NASTY

Clip = Callable[[str], Path]

# What does not come out exactly, in segments: (how it ends instead, the rule or the error's code).
OTHERWISE = {
    "odd_420.mkv": ("refused", "odd-size"),
    "resized.ts": ("refused", "changing-picture"),
    "sound.m4a": ("refused", "no_video"),
    "single.mp4": ("whole", "asked-whole"),
    "backward.ts": ("refused", "time-leap"),
    "packed.avi": ("whole", "several-pictures"),
    "moving.webp": ("refused", "no_video"),
}
# libx264 has no RGB that libx264rgb has, no alpha, no 12 bits: the frames are converted, with a warning.
CONVERTED = {"tiny.gif", "rgb_h264.mkv", "alpha_prores.mov", "moving.apng", "alpha.webm"}
# Raw material of other clips.
SKIPPED = {"small.ts", "later.ts", "narrow.ts", "tiny.ts", "no_b.mp4", "tiny.mp4", "open.ts"}


# One for each thing that a reader, a plan or a merge has to know; what is the same in another container is slow.
ORDINARY = (
    *OTHERWISE,
    "altref.webm",  # frames that are not shown
    "cut_cra.mkv",  # leading pictures without what they refer to
    "fields.ts",  # two packets a picture
    "gap.mkv",
    "h264_b.avi",  # no presentation times
    "late_sound.mp4",
    "moving.apng",  # converted
    "negative.mkv",
    "pair.mp4",  # fewer frames than segments
    "refresh.mp4",  # no key frames behind the first
    "repeated.mkv",
    "small_fragments.mp4",
    "two_edits.mp4",
    "wrap.ts",
)


@pytest.mark.parametrize("name", ordinarily((name for name in NASTY if name not in SKIPPED), *ORDINARY))
def test_a_nasty_clip(clip: Clip, job: Callable[..., Any], name: str) -> None:
    ends, rule = OTHERWISE.get(name, ("exact", None))
    work = job(clip(name), params={"preset": "ultrafast", "lossless": True})
    if ends == "refused":
        with pytest.raises(MediaError) as refused:
            work.run(4, verify="full")
        assert rule in (refused.value.rule, refused.value.code)
        assert refused.value.fate == "input"
        assert not work.output.exists()
        return
    probed = work.probe()
    plan = work.plan(probed, segments=min(4, probed.frames))
    if ends == "whole":
        assert (plan.slicing.used, plan.slicing.segments) == (False, 1)
        assert plan.slicing.rule in (rule, None)  # None while the rule is not named yet
    else:
        assert plan.slicing.segments == len(plan.segments) == min(4, probed.frames)
    results = [work.segment(plan, number) for number in range(len(plan.segments))]
    audio = work.audio() if probed.profile.has_audio else None
    merged = work.merge(probed, plan, results, audio, verify="full")
    found = compare(str(work.source), str(work.output), exact=name not in CONVERTED)
    assert found.differences == []
    assert found.identical_frames == found.frames_a == found.frames_b == probed.frames
    if name in CONVERTED:
        assert any("converted" in said or "alpha" in said for said in (*results[0].warnings, *merged.warnings))
    else:
        assert pictures(work.output) == pictures(work.source)


def pictures(path: Path) -> list[str]:
    """Digest the planes of every frame that a whole decode gives, without the product's own reader."""
    with av.open(str(path)) as container:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in container.decode(video=0)]
