"""Which frames are measured against which, and what is not measured at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from media_ops.errors import InputError, NotComparable, NotMedia, NoVideo, SourceNotFound
from tests.quality.conftest import Film, per_frame, quality

Clip = Callable[[str], Path]
SMALL = "testsrc2=s=160x90:r=25:d=2"
AS_IT_IS = ["-c:v", "ffv1"]


@pytest.fixture(scope="session")
def source(film: Film) -> Path:
    return film("source.mkv", "-f", "lavfi", "-i", SMALL, *AS_IT_IS, "-pix_fmt", "yuv420p")


def test_identical_films_have_the_highest_scores(source: Path, film: Film) -> None:
    report = quality(source, film("copy.mkv", "-i", source, "-c", "copy"), vmaf=True)
    assert {report.scores[name].percentiles["min"] for name in ("psnr_y", "psnr_u", "psnr_v", "psnr")} == {100.0}
    assert report.scores["psnr"].of_mean_error == 100.0
    assert report.scores["ssim"].percentiles["min"] == pytest.approx(1.0)
    assert report.scores["vmaf"].percentiles["min"] > 95  # this model's best for pictures that hardly move
    assert (report.frames, report.notes) == (50, ["times are compared after rounding to 1/1000 s"])


def test_pictures_that_are_a_frame_late_are_measured_where_they_are_shown(
    source: Path, film: Film, tmp_path: Path
) -> None:
    late = film("late.mkv", "-i", source, "-vf", "tpad=start=1:start_mode=clone,trim=end_frame=50", *AS_IT_IS)
    report, frames = per_frame(source, late, tmp_path)
    assert frames["psnr_y"][0] == 100
    assert (frames["psnr_y"][1:] < 40).all()
    assert report.worst[0].scores["psnr_y"] == pytest.approx(frames["psnr_y"].min(), abs=1e-6)


def test_films_that_begin_at_other_times_are_refused(source: Path, film: Film) -> None:
    """As many frames, one lost at the beginning and one more at the end: by number, none would be its own."""
    moved = film("moved.mkv", "-copyts", "-i", source, "-vf", "trim=start_frame=1,tpad=stop=1", *AS_IT_IS)
    with pytest.raises(
        NotComparable, match=r"frame 0 is shown at 0.000000 s in the source, and at 0.040000 s in the output"
    ):
        quality(source, moved)


def test_a_frame_at_another_time_is_refused(source: Path, film: Film) -> None:
    changed = film(
        "changed.mkv",
        "-i",
        source,
        "-vf",
        "setpts='PTS+if(eq(N,30),15,0)'",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "-1",
    )
    with pytest.raises(NotComparable, match=r"frame 30 is shown at 1.200000 s in the source, and at 1.215000 s"):
        quality(source, changed)


def test_another_number_of_frames_is_refused(source: Path, film: Film) -> None:
    short = film("short.mkv", "-i", source, "-frames:v", "49", *AS_IT_IS)
    with pytest.raises(NotComparable, match="the source has 50 frames, the output 49"):
        quality(source, short)


def test_an_output_cut_off_is_refused(source: Path, film: Film, tmp_path: Path) -> None:
    whole = film("whole.mp4", "-i", source, "-c:v", "libx264", "-movflags", "faststart").read_bytes()
    for part in (0.6, 0.97):
        torn = tmp_path / f"torn-{part}.mp4"
        torn.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(NotComparable, match="the output"):
            quality(source, torn)
    torn.write_bytes(whole[:40])
    with pytest.raises(InputError):
        quality(source, torn)


def test_files_that_hold_no_film_are_refused(source: Path, clip: Clip, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    wrong: list[tuple[Path, type[InputError]]] = [
        (clip("sound_only.m4a"), NoVideo),
        (text, NotMedia),
        (tmp_path / "missing.mp4", SourceNotFound),
    ]
    for path, error in wrong:
        with pytest.raises(error):
            quality(source, path)
        with pytest.raises(error):
            quality(path, source)


def test_mp4_that_shows_nothing_below_0_is_measured_all_the_same(film: Film) -> None:
    later = film("later.mp4", "-f", "lavfi", "-i", SMALL, "-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p")
    start = ["-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", "-0.4", "-avoid_negative_ts", "disabled"]
    early = film("early.ts", "-i", later, "-c", "copy", "-copyts", *start)
    report = quality(early, later)
    assert any("moved by" in note for note in report.notes)
    assert report.scores["psnr_y"].mean == 100


def test_an_output_of_another_size_is_scaled_to_the_sources(film: Film, tmp_path: Path) -> None:
    large = film("large.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=0.4", *AS_IT_IS, "-pix_fmt", "yuv420p")
    small = film("small.mkv", "-i", large, "-vf", "scale=160:90", *AS_IT_IS)
    bicubic = ["-vf", "scale=320:180:flags=bicubic+accurate_rnd", *AS_IT_IS]
    again = film("again.mkv", "-i", small, *bicubic)
    report, ours = per_frame(large, small, tmp_path, vmaf=True)
    _, by_hand = per_frame(large, again, tmp_path, vmaf=True)
    assert np.abs(ours["psnr_y"] - by_hand["psnr_y"]).max() < 0.02
    assert np.abs(ours["vmaf"] - by_hand["vmaf"]).max() < 0.05
    assert "the output is scaled from 160x90 to the source's 320x180, bicubic" in report.notes


def test_different_depths_are_compared_at_the_deeper(film: Film, tmp_path: Path) -> None:
    deep = film("deep.mkv", "-f", "lavfi", "-i", "gradients=s=160x90:r=25:d=0.4,format=yuv420p10le", *AS_IT_IS)
    flat = film("flat.mkv", "-i", deep, "-pix_fmt", "yuv420p", "-sws_dither", "none", *AS_IT_IS)
    for pair in ((deep, flat), (flat, deep)):
        report, frames = per_frame(*pair, tmp_path)
        assert report.pixel_format == "yuv420p10le"
        # Two bits are lost: at 8 bit, nothing would be.
        assert 48 < frames["psnr_y"].mean() < 62


@pytest.mark.parametrize("kind", ["gray", "bgr0", "yuvj420p", "yuv444p", "yuv411p", "nv12"])
def test_formats_of_many_kinds_are_compared_with_420(source: Path, film: Film, tmp_path: Path, kind: str) -> None:
    """What differs is rounding and chroma; a wrong matrix or range would be 10 to 25 dB."""
    codec = "rawvideo" if kind in ("nv12", "yuv411p") else "mjpeg" if kind == "yuvj420p" else "ffv1"
    name = f"{kind}.nut"
    other = film(name, "-i", source, "-c:v", codec, "-q:v", "1", "-pix_fmt", kind)
    for pair in ((source, other), (other, source)):
        report, frames = per_frame(*pair, tmp_path, vmaf=True)
        assert frames["psnr_y"].min() > 38
        assert frames["vmaf"].mean() > 93
        assert ("psnr_u" in frames) == (kind != "gray")
        assert any("pixel format" in note for note in report.notes) or kind == "yuvj420p"


def test_pictures_too_small_for_vmaf_are_measured_without_it(film: Film, tmp_path: Path) -> None:
    """On less than 17 lines or columns libvmaf crashes."""
    for size, least in (("17x17", True), ("64x16", False), ("6x6", False)):
        tiny = film(
            f"{size}.mkv", "-f", "lavfi", "-i", f"color=s=64x64:d=0.2,scale={size}", "-pix_fmt", "gray", *AS_IT_IS
        )
        if least:
            assert per_frame(tiny, tiny, tmp_path, vmaf=True)[0].scores["vmaf"].mean > 90
            continue
        with pytest.raises(NotComparable, match=f"not {size}: measure without it"):
            quality(tiny, tiny, vmaf=True)
        assert ("ssim" in quality(tiny, tiny).scores) == (size != "6x6")


@pytest.mark.parametrize("layout", ["yuv420p", "yuv444p10le"])
def test_odd_sizes_are_measured(film: Film, tmp_path: Path, layout: str) -> None:
    even = "testsrc2=s=162x92:r=25:d=0.4,format=yuv444p,crop=161:91:0:0:exact=1"
    odd = film(f"odd-{layout}.mkv", "-f", "lavfi", "-i", even, "-pix_fmt", layout, *AS_IT_IS)
    coded = film(f"coded-{layout}.mkv", "-i", odd, "-pix_fmt", "yuv444p", "-c:v", "libx264", "-crf", "30")
    report, frames = per_frame(odd, coded, tmp_path, vmaf=True)
    assert (report.width, report.height) == (161, 91)
    assert 25 < frames["psnr_y"].mean() < 50
    assert 50 < frames["vmaf"].mean() < 100
