"""H.265 and AV1: separately encoded segments join into what one run gives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.frames.fingerprint import fingerprint
from tests.everyday import ordinarily

Film = Callable[..., Path]

FAST = {"transcode_h265": {"preset": "ultrafast"}, "transcode_av1": {"preset": 12}}
CODECS = sorted(FAST)


@pytest.fixture
def varying(film: Film) -> Path:
    """Variable rate, B-frames, sound that starts late."""
    drop = "select='not(eq(mod(n,7),3))*not(eq(mod(n,7),4))'"
    sources = ["-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=3", "-itsoffset", "0.1"]
    sources += ["-f", "lavfi", "-i", "sine=440:r=48000:d=2.5"]
    times = ["-vf", drop, "-fps_mode", "passthrough", "-enc_time_base", "-1"]
    return film(
        "varying.mkv.mp4",
        *sources,
        *times,
        *["-c:v", "libx264", "-g", "20", "-bf", "3", "-pix_fmt", "yuv420p", "-c:a", "aac"],
    )


def presented(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        frames: list[Any] = list(container.decode(video=0))
        return [frame.pts * frame.time_base for frame in frames]


@pytest.mark.parametrize("segments", ordinarily([1, 3, 7], 3))
@pytest.mark.parametrize("algorithm", CODECS)
def test_any_number_of_segments_joins(varying: Path, job: Callable[..., Any], algorithm: str, segments: int) -> None:
    work = job(varying, algorithm=algorithm, params=FAST[algorithm])
    result = work.run(segments, verify="full")
    assert presented(work.output) == presented(varying)
    assert result.proof.frames_compared == result.proof.frames_in
    assert result.proof.av_offset_ms <= 1
    assert result.warnings == []


@pytest.mark.parametrize("segments", ordinarily([1, 5], 5))
def test_lossless_is_bit_identical(varying: Path, job: Callable[..., Any], segments: int) -> None:
    work = job(varying, algorithm="transcode_h265", params={"preset": "ultrafast", "lossless": True})
    work.run(segments, verify="full")
    with av.open(str(varying)) as a, av.open(str(work.output)) as b:
        assert [fingerprint(f) for f in b.decode(video=0)] == [fingerprint(f) for f in a.decode(video=0)]


@pytest.mark.parametrize("algorithm", CODECS)
def test_a_seek_behind_a_joint_shows_the_same_pictures(
    varying: Path, job: Callable[..., Any], algorithm: str
) -> None:
    """No picture behind a joint refers to one before it, so that decoding may begin at each."""
    work = job(varying, algorithm=algorithm, params=FAST[algorithm])
    joints = work.run(3).proof.joints
    with av.open(str(work.output)) as container:
        whole: dict[int, str] = {f.pts: fingerprint(f) for f in container.decode(video=0) if f.pts is not None}
    times = sorted(whole)
    for joint in joints:
        with av.open(str(work.output)) as container:
            container.seek(times[joint.rank], stream=container.streams.video[0])
            seen = {f.pts: fingerprint(f) for f in container.decode(video=0) if f.pts is not None}
        assert min(seen) == times[joint.rank], "the joint is an entry"
        assert seen == {time: whole[time] for time in times[joint.rank :]}


@pytest.mark.parametrize("extension", ordinarily([".mp4", ".mov"], ".mp4"))
def test_h265_is_called_hvc1(varying: Path, job: Callable[..., Any], extension: str) -> None:
    work = job(varying, algorithm="transcode_h265", params=FAST["transcode_h265"], extension=extension)
    work.run(2)
    with av.open(str(work.output)) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


@pytest.mark.parametrize(
    "pixel_format",
    ordinarily(["yuv444p12le", "yuv422p10le", "gbrp", "gray", "yuva420p"], "yuv422p10le", "yuva420p"),
)
def test_h265_keeps_depth_and_chroma(film: Film, job: Callable[..., Any], pixel_format: str) -> None:
    clip = film(
        f"{pixel_format}.mkv",
        *["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=0.4", "-c:v", "ffv1", "-pix_fmt", pixel_format],
    )
    work = job(clip, algorithm="transcode_h265", params={"preset": "ultrafast", "lossless": True})
    plan = work.plan(work.probe(), segments=2)
    results = [work.segment(plan, number) for number in range(2)]
    work.merge(work.probe(), plan, results, None, verify="full")
    kept = {"yuva420p": "yuv420p"}.get(pixel_format, pixel_format)
    with av.open(str(work.output)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == kept
    assert any("alpha" in warning for warning in results[0].warnings) == (pixel_format == "yuva420p")


def test_av1_holds_odd_sizes(film: Film, job: Callable[..., Any]) -> None:
    source = "testsrc2=s=98x66:r=25,format=yuv444p,crop=97:65:0:0:exact=1"
    clip = film("odd.mkv", "-f", "lavfi", "-i", source, "-t", "0.4", "-c:v", "ffv1", "-pix_fmt", "yuv420p")
    work = job(clip, algorithm="transcode_av1", params={"preset": 12})
    work.run(2, verify="full")
    with av.open(str(work.output)) as container:
        context = container.streams.video[0].codec_context
        assert (context.width, context.height) == (97, 65)


ENCODING = """
import os, sys
from pathlib import Path
from media_ops.encoders.chosen import settings_of
from media_ops.encoders.segment import SegmentEncoder
from media_ops.frames.indexing import build_index
from media_ops.frames.reader import FrameReader
from media_ops.registry import get
index = build_index(sys.argv[1])
settings = settings_of(get("transcode_av1").from_params({"preset": 12}))
with SegmentEncoder(Path(sys.argv[2]), settings, index.facts, index.frame_pts.tolist(), 2) as encoder:
    for _, frame in FrameReader(sys.argv[1], index.rows(0, index.frames)):
        encoder.encode(encoder.convert(frame))
    print(*{os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")})
    encoder.finish()
"""


def test_av1_takes_no_processor_for_itself(film: Film, tmp_path: Path) -> None:
    """Started as root, SVT-AV1 would be scheduled before everybody else, and so would all children after it."""
    clip = film("short.mkv", "-f", "lavfi", "-i", "testsrc2=s=128x72:r=25", "-t", "0.4", "-c:v", "ffv1")
    command = [sys.executable, "-c", ENCODING, str(clip), str(tmp_path / "made.nut")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == [str(os.SCHED_OTHER)]
