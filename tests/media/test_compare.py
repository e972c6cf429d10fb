"""`compare` finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from media_ops.compare import Comparison, compare
from media_ops.errors import NotMedia, NoVideo, SourceNotFound
from tests.everyday import ordinarily

Clip = Callable[[str], Path]
TICK = Fraction(1, 12800)
EACH = 512
COUNT = 60


def frames_of(path: Path) -> list[VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))[:COUNT]


def write(
    path: Path,
    frames: Sequence[VideoFrame],
    *,
    times: Sequence[int] | None = None,
    crf: int = 18,
    colour: int | None = None,
) -> Path:
    """Encode `frames` in their order; `times` are in ticks of 1/12800 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TICK
        if colour is not None:
            stream.codec_context.color_primaries = colour
        for frame, pts in zip(frames, times or range(0, EACH * len(frames), EACH), strict=True):
            again = VideoFrame.from_ndarray(frame.to_ndarray(), "yuv420p")
            again.pts, again.time_base = pts, TICK
            container.mux(stream.encode(again))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def moving(clip: Clip) -> list[VideoFrame]:
    return frames_of(clip("silent.mp4"))


@pytest.fixture(scope="module")
def source(moving: list[VideoFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("source") / "source.mp4", moving, crf=0)


def against(source: Path, other: Path) -> Comparison:
    return compare(str(source), str(other))


def test_the_same_file(source: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = compare(str(source), str(source), exact=True, on_progress=lambda done, total: seen.append((done, total)))
    assert found.differences == []
    assert (found.frames_a, found.frames_b, found.identical_frames) == (COUNT, COUNT, COUNT)
    assert (found.mean_psnr, found.av_offset_ms) == (None, None)
    assert seen[-1] == (COUNT, COUNT)


@pytest.mark.parametrize("crf", ordinarily([18, 35, 48], 48))
def test_a_lossy_encode_agrees(source: Path, moving: list[VideoFrame], tmp_path: Path, crf: int) -> None:
    found = compare(str(source), str(write(tmp_path / "b.mp4", moving, crf=crf)), min_psnr=15)
    assert found.differences == []
    assert found.mean_psnr is not None


SPOILT = {
    "swapped": lambda o: [*o[:30], o[31], o[30], *o[32:]],
    "repeated": lambda o: [*o[:30], o[29], *o[31:]],
    "dropped here, repeated there": lambda o: [*o[:30], *o[31:50], o[49], *o[50:]],
    "one late, from the start": lambda o: [o[0], *o[:-1]],
    "first two swapped": lambda o: [o[1], o[0], *o[2:]],
    "last two swapped": lambda o: [*o[:-2], o[-1], o[-2]],
}


@pytest.mark.parametrize("crf", ordinarily([0, 35], 35))
@pytest.mark.parametrize("how", SPOILT)
def test_frames_out_of_place(source: Path, moving: list[VideoFrame], tmp_path: Path, how: str, crf: int) -> None:
    order = SPOILT[how](list(range(COUNT)))
    found = against(source, write(tmp_path / "b.mp4", [moving[at] for at in order], crf=crf))
    wrong = {rank for rank, at in enumerate(order) if rank != at}
    assert found.pts_mismatches == 0
    assert 0 < found.misplaced_frames <= len(wrong)
    assert any("looks like frame" in difference for difference in found.differences)


def test_still_pictures_and_fades_are_no_finding(moving: list[VideoFrame], tmp_path: Path) -> None:
    light = [min(n, COUNT - 1 - n, 25) / 25 for n in range(COUNT)]
    planes = [frame.to_ndarray() for frame in moving]
    faded = []
    for share, plane in zip(light, planes, strict=True):
        height = moving[0].height
        dark = plane.astype(np.float32)
        dark[:height] = 16 + (dark[:height] - 16) * share
        dark[height:] = 128 + (dark[height:] - 128) * share
        faded.append(VideoFrame.from_ndarray(np.rint(dark).astype(np.uint8), "yuv420p"))
    for name, film in (("fade", faded), ("still", [moving[0]] * COUNT)):
        a = write(tmp_path / f"{name}.mp4", film, crf=0)
        assert against(a, write(tmp_path / f"{name}-35.mp4", film, crf=35)).differences == []
    still = write(tmp_path / "noisy.mp4", [moving[0]] * COUNT, crf=20)
    assert against(tmp_path / "still.mp4", still).misplaced_frames == 0


def test_a_frame_too_few(source: Path, moving: list[VideoFrame], tmp_path: Path) -> None:
    for film in (moving[:-1], moving[1:], moving[:30] + moving[31:]):
        found = against(source, write(tmp_path / "b.mp4", film))
        assert "frame count: 60 against 59" in found.differences
        assert against(tmp_path / "b.mp4", source).frames_b == COUNT


def test_times(source: Path, moving: list[VideoFrame], tmp_path: Path) -> None:
    times = list(range(0, EACH * COUNT, EACH))
    times[30] += 1
    found = against(source, write(tmp_path / "b.mp4", moving, times=times))
    assert (found.pts_mismatches, found.misplaced_frames) == (1, 0)
    assert found.differences == ["time of frame 30: 1.200000 s against 1.200078 s"]
    # Matroska rounds a tick away, but not 2 ms.
    assert against(source, write(tmp_path / "b.mkv", moving, times=times)).differences == []
    times[30] += 25
    found = against(source, write(tmp_path / "b.mkv", moving, times=times))
    assert found.pts_mismatches == 1
    assert "Matroska" in found.notes[0]


def test_all_moved_alike(source: Path, moving: list[VideoFrame], tmp_path: Path) -> None:
    a = tmp_path / "a.ts"
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(source),
        "-c",
        "copy",
        "-copyts",
        "-muxdelay",
        "0",
        "-muxpreload",
        "0",
    ]
    subprocess.run([*command, "-output_ts_offset", "-0.4", "-avoid_negative_ts", "disabled", str(a)], check=True)
    found = against(a, source)
    assert (found.moved, found.pts_mismatches, found.differences) == ("2/5", 0, [])
    assert "nothing before 0" in found.notes[0]
    later = write(tmp_path / "later.mp4", moving, times=[EACH * (n + 10) for n in range(COUNT)])
    assert against(source, later).pts_mismatches == COUNT


def test_colour_size_quality(source: Path, moving: list[VideoFrame], tmp_path: Path) -> None:
    found = against(source, write(tmp_path / "b.mp4", moving, colour=9))
    assert found.differences == ["colour primaries: unspecified against bt2020"]
    small = [frame.reformat(160, 90) for frame in moving]
    found = against(source, write(tmp_path / "small.mp4", small))
    assert found.differences == ["picture size at frame 0: 320x180 against 160x90"]
    assert (found.frames_b, found.pts_mismatches) == (COUNT, 0)
    dull = [frame.reformat(32, 18).reformat(320, 180) for frame in moving]
    found = against(source, write(tmp_path / "dull.mp4", dull))
    assert found.mean_psnr is not None
    assert found.mean_psnr < 25
    assert "under the limit of 25 dB" in found.differences[-1]
    assert compare(str(source), str(tmp_path / "dull.mp4"), min_psnr=5).differences == []


def test_one_sample_is_not_exact(source: Path, moving: list[VideoFrame], tmp_path: Path) -> None:
    plane = moving[40].to_ndarray().copy()
    plane[200, 100] ^= 1
    spoilt = [*moving[:40], VideoFrame.from_ndarray(plane, "yuv420p"), *moving[41:]]
    other = write(tmp_path / "b.mp4", spoilt, crf=0)
    assert against(source, other).differences == []
    found = compare(str(source), str(other), exact=True)
    assert found.differences == ["1 of 60 frames are not identical, first 40"]


@pytest.mark.parametrize(
    "name",
    ordinarily(
        ["ten_bit.mkv", "four_two_two.mkv", "grey.mkv", "rgb.mkv", "alpha.mov", "full_range.mp4"],
        "ten_bit.mkv",
        "grey.mkv",
        "alpha.mov",
    ),
)
def test_pixel_formats(clip: Clip, tmp_path: Path, name: str) -> None:
    path = str(clip(name))
    assert compare(path, path, exact=True).differences == []
    command = ["ffmpeg", "-v", "error", "-i", path, "-c:v", "libx264", "-crf", "10", str(tmp_path / "b.mkv")]
    subprocess.run(command, check=True)
    found = compare(path, str(tmp_path / "b.mkv"))
    assert found.differences == []
    assert found.mean_psnr is not None
    assert found.mean_psnr > 33


@pytest.fixture(scope="module")
def uncoded(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return heard(clip, tmp_path_factory.mktemp("uncoded") / "a.nut")


def heard(clip: Clip, path: Path, *change: str) -> Path:
    """Write a clip whose sound is not coded, after a change."""
    command = ["ffmpeg", "-v", "error", "-copyts", "-i", str(clip("plain.mp4")), *change]
    subprocess.run([*command, "-c:v", "copy", "-c:a", "pcm_s16le", str(path)], check=True)
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((), None),
        (("-af", "adelay=20:all=1"), "lasts 20.000 ms longer"),
        (("-af", "atrim=start_sample=960,asetpts=PTS"), "starts 20.000 ms later"),
        (("-af", "atrim=end=7"), "ends 1000.000 ms earlier"),
        (("-an",), "sound tracks: 1 against 0"),
    ],
)
def test_sound(clip: Clip, uncoded: Path, tmp_path: Path, change: tuple[str, ...], reason: str | None) -> None:
    heard(clip, tmp_path / "b.nut", *change)
    found = compare(str(uncoded), str(tmp_path / "b.nut"))
    if reason is None:
        assert (found.differences, found.av_offset_ms) == ([], 0)
    else:
        assert any(reason in difference for difference in found.differences), found.differences


def test_errors_name_the_file(clip: Clip, tmp_path: Path) -> None:
    plain = str(clip("plain.mp4"))
    (tmp_path / "text.txt").write_text("no video " * 100)
    with pytest.raises(SourceNotFound, match="missing"):
        compare(plain, "missing.mp4")
    with pytest.raises(NotMedia, match=r"text\.txt"):
        compare(plain, str(tmp_path / "text.txt"))
    with pytest.raises(NoVideo, match="sound_only"):
        compare(str(clip("sound_only.m4a")), plain)
