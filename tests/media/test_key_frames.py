"""Key frames at fixed times: the first frame at or behind each multiple of `key_seconds`, and no other."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.encoders.keys import key_numbers
from media_ops.model import RunReport
from tests.everyday import ordinarily, slow

Film = Callable[..., Path]
FAST = {"transcode_h264": "ultrafast", "transcode_h265": "ultrafast", "transcode_av1": 12}
# Scenes that encoders would begin with key frames of their own.
SCENES = "testsrc2=s=192x108:r={rate}:d=3[a];smptebars=s=192x108:r={rate}:d=2.5[b];"
SCENES += "mandelbrot=s=192x108:r={rate},trim=0:3.5,setpts=PTS-STARTPTS,format=yuv420p[c];"
SCENES += "[a][b][c]concat=n=3,{times}format=yuv420p"
# Frames 37 to 60 come late, and some are left out.
UNEVEN = "select='mod(n\\,5)+lt(n\\,30)',setpts='PTS+gt(N\\,37)*lt(N\\,60)*(0.013/TB)',"
SOURCES = {
    "pal": ("25", "", ".mp4", "0"),
    "ntsc": ("30000/1001", "", ".mp4", "0"),
    "uneven": ("24", UNEVEN, ".mkv", "1.37"),
}


@pytest.fixture
def scenes(film: Film) -> Callable[[str], Path]:
    def give(name: str) -> Path:
        rate, times, extension, begins = SOURCES[name]
        picture = SCENES.format(rate=rate, times=times)
        coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "40", "-fps_mode", "passthrough"]
        return film(f"{name}{extension}", "-filter_complex", picture, *coded, "-output_ts_offset", begins)

    return give


def shown(path: Path) -> tuple[list[Fraction], list[Fraction]]:
    """Give the times of all frames and of key frames, in seconds, by the packets and by nothing of ours."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size and packet.pts is not None]
        assert video.time_base is not None
        every = sorted(int(packet.pts or 0) * video.time_base for packet in packets)
        return every, sorted(int(packet.pts or 0) * video.time_base for packet in packets if packet.is_keyframe)


def wanted(times: list[Fraction], every: Fraction) -> list[Fraction]:
    """Say where key frames must be: looked for from each multiple of `every` on."""
    found = []
    mark = times[0]
    while mark <= times[-1]:
        found.append(next(time for time in times if time >= mark))
        mark += every
    return sorted(set(found))


def done(work: Any, segments: int, **options: Any) -> Path:
    work.run(segments, **options)
    return Path(work.output)


@pytest.mark.parametrize(
    ("algorithm", "source"),
    ordinarily(
        [(algorithm, source) for algorithm in FAST for source in SOURCES],
        ("transcode_h264", "ntsc"),
        ("transcode_h265", "uneven"),
        ("transcode_av1", "pal"),
    ),
)
@pytest.mark.parametrize("every", [1.3])
def test_they_stand_where_they_are_wanted(
    algorithm: str, source: str, every: float, scenes: Callable[[str], Path], job: Callable[..., Any]
) -> None:
    params = {"preset": FAST[algorithm], "key_seconds": every}
    extension = Path(scenes(source)).suffix
    made = done(job(scenes(source), algorithm=algorithm, params=params, extension=extension), 3)
    times, keys = shown(made)
    assert keys == wanted(times, Fraction("1.3"))
    assert len(keys) == 7


def test_an_encoder_chooses_others_by_itself(scenes: Callable[[str], Path], job: Callable[..., Any]) -> None:
    """Else the tests above would show nothing."""
    times, keys = shown(done(job(scenes("pal")), 3))
    assert keys != wanted(times, Fraction("1.3"))


@pytest.mark.parametrize(
    "algorithm", ordinarily(["transcode_h264", "transcode_h265", "transcode_av1"], "transcode_h264")
)
def test_both_passes_of_a_bit_rate_have_them_there(
    algorithm: str, scenes: Callable[[str], Path], job: Callable[..., Any]
) -> None:
    params = {"preset": FAST[algorithm], "key_seconds": 1.3, "bitrate": "150k"}
    times, keys = shown(done(job(scenes("ntsc"), algorithm=algorithm, params=params), 3))
    assert keys == wanted(times, Fraction("1.3"))


@pytest.mark.parametrize(
    ("algorithm", "aim"),
    [("transcode_h264", {}), slow("transcode_h265", {}), slow("transcode_h264", {"bitrate": "300k"})],
)
def test_frames_in_front_of_a_joint_have_the_bits_that_a_whole_run_gives_them(
    algorithm: str, aim: dict[str, str], scenes: Callable[[str], Path], job: Callable[..., Any]
) -> None:
    """Encoders that look ahead give them more than those that see the end of the film there."""
    params = {"preset": "medium", "key_seconds": 1.5, **aim}
    sizes = []
    for segments in (1, 6):
        work = job(scenes("pal"), algorithm=algorithm, params=params)
        made = done(work, segments)
        times, keys = shown(made)
        assert keys == wanted(times, Fraction("1.5"))
        with av.open(str(made)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
            assert len(packets) == len(times)
            ranked = [packet.size for packet in sorted(packets, key=lambda packet: packet.pts or 0)]
        places = [times.index(key) for key in keys[1:]]
        sizes.append(sum(sum(ranked[place - 3 : place]) for place in places))
    assert sizes[1] == pytest.approx(sizes[0], rel=0.09)


def test_segments_begin_at_them(scenes: Callable[[str], Path], job: Callable[..., Any]) -> None:
    work = job(scenes("ntsc"), params={"preset": "ultrafast", "key_seconds": 2})
    plan = work.plan(work.probe(), segments=4)
    assert [segment.start for segment in plan.segments] == [0, 60, 120, 180]


def test_there_are_no_more_segments_than_key_frames(scenes: Callable[[str], Path], job: Callable[..., Any]) -> None:
    work = job(scenes("pal"), params={"preset": "ultrafast", "key_seconds": 4})
    plan = work.plan(work.probe(), segments=5)
    assert [segment.start for segment in plan.segments] == [0, 100, 200]
    assert plan.warnings == ["3 segments, not 5: the film has 3 places for key frames, where segments begin"]


def test_a_film_shorter_than_their_distance_is_one_segment(
    scenes: Callable[[str], Path], tmp_path: Path, job: Callable[..., Any]
) -> None:
    work = job(scenes("pal"), params={"preset": "ultrafast", "key_seconds": 20})
    plan = work.plan(work.probe(), segments=5)
    assert (plan.slicing.used, plan.slicing.rule) == (False, "few-keys")


def test_times_are_counted_without_rounding() -> None:
    """29.97 frames a second: 2002 is the first multiple of 2 s that a frame reaches exactly."""
    ticks = [1001 * number for number in range(60_061)]
    found = key_numbers(ticks, 0, Fraction(1, 30_000), Fraction(2))
    assert found[:3] == [0, 60, 120]
    assert found[-1] == 60_060
    assert found[1000] == 59_941
    assert [number for number in found if ticks[number] % 60_000 == 0] == [0, 60_000]


def test_repeated_times_give_one_key_frame() -> None:
    assert key_numbers([0, 0, 10, 25, 25, 47], 0, Fraction(1), Fraction(25)) == [0, 3]


def test_times_are_counted_from_the_beginning_of_the_film() -> None:
    assert key_numbers([130, 140, 150, 160], 100, Fraction(1), Fraction(25)) == [0, 2]


@pytest.mark.parametrize("every", [0, 0.05, -1, 1000, "x"])
def test_other_distances_are_refused(every: Any, scenes: Callable[[str], Path], tmp_path: Path) -> None:
    from media_ops.model import JobOptions
    from media_ops.run import run

    output = str(tmp_path / "out.mp4")
    params = {"key_seconds": every}
    report: RunReport = run("transcode_h264", [str(scenes("pal"))], output, params, JobOptions(), workers=1)
    assert report.error is not None
    assert report.error["code"] == "params_invalid"
    assert "key_seconds" in report.error["message"]
