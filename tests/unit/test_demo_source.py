"""The demo's film: what it promises, on a small and short one."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media_ops.demo_source import make_demo_source
from media_ops.demo_source.picture import timecode
from media_ops.demo_source.timeline import plan_scenes

SIZE = (320, 180)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "demo.mp4"
    make_demo_source(path, seconds=5, size=SIZE)
    return path


def seconds(ticks: int | None, time_base: Fraction | None) -> Fraction:
    assert ticks is not None
    assert time_base is not None
    return ticks * time_base


def test_every_frame_is_there_at_its_time(film: Path) -> None:
    with av.open(film) as container:
        stream = container.streams.video[0]
        times = [seconds(frame.pts, stream.time_base) for frame in container.decode(stream)]
        assert stream.codec_context.has_b_frames
    assert times == [Fraction(n, 30) for n in range(150)]


def test_sound_is_as_long_as_the_picture(film: Path) -> None:
    with av.open(film) as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.rate, sound.layout.name) == ("aac", 48_000, "stereo")
        assert abs(seconds(sound.duration, sound.time_base) - 5) < Fraction(1, 1000)
        loudest = max(float(np.abs(frame.to_ndarray()).max()) for frame in container.decode(sound))
    assert 0.1 < loudest < 1.2


def test_colour_is_tagged(film: Path) -> None:
    with av.open(film) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        assert (context.width, context.height, context.pix_fmt) == (*SIZE, "yuv420p")


def test_key_frames_are_where_the_plan_wants_them_and_no_others(film: Path) -> None:
    planned = {key for scene in plan_scenes(150, 30, seed=20) for key in scene.keys}
    with av.open(film) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.is_keyframe and packet.size]
        keys = {seconds(packet.pts, stream.time_base) * 30 for packet in packets}
    assert keys == planned


def test_cuts_change_the_picture(film: Path) -> None:
    cuts = [scene.start for scene in plan_scenes(150, 30, seed=20)[1:] if not scene.dissolve]
    with av.open(film) as container:
        pictures = [frame.to_ndarray()[: SIZE[1]].astype(np.int16) for frame in container.decode(video=0)]
    steps = [float(np.abs(b - a).mean()) for a, b in itertools.pairwise(pictures)]
    assert cuts
    assert all(steps[cut - 1] > 4 * float(np.median(steps)) for cut in cuts)


def test_chapters_name_the_scenes(film: Path) -> None:
    with av.open(film) as container:
        names = [chapter["metadata"]["title"] for chapter in container.chapters()]
    assert names[:3] == ["title", "mountains", "clock"]


def test_same_arguments_give_the_same_bytes(film: Path, tmp_path: Path) -> None:
    make_demo_source(tmp_path / "again.mp4", seconds=5, size=SIZE)
    make_demo_source(tmp_path / "other.mp4", seconds=5, size=SIZE, seed=21)
    assert (tmp_path / "again.mp4").read_bytes() == film.read_bytes()
    assert (tmp_path / "other.mp4").read_bytes() != film.read_bytes()


def test_progress_is_told_each_second(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_demo_source(tmp_path / "demo.mp4", seconds=2.5, size=SIZE, on_progress=lambda *step: told.append(step))
    assert told == [(30, 75), (60, 75), (75, 75)]


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_of_a_film_that_was_not_finished(tmp_path: Path, interruption: type[BaseException]) -> None:
    def stop(done: int, frames: int) -> None:
        raise interruption

    earlier = tmp_path / "demo.mp4"
    earlier.write_bytes(b"the one before")
    with pytest.raises(interruption):
        make_demo_source(earlier, seconds=3, size=SIZE, on_progress=stop)
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.mp4"]
    assert earlier.read_bytes() == b"the one before"


def test_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        make_demo_source(tmp_path / "demo.mp4", seconds=1, size=SIZE)
    assert not list(tmp_path.iterdir())


def test_odd_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="321x180"):
        make_demo_source(tmp_path / "demo.mp4", size=(321, 180))


@pytest.mark.parametrize("frames", [1, 2, 7, 60, 150, 900, 5400, 20_000])
def test_scenes_fill_the_film(frames: int) -> None:
    scenes = plan_scenes(frames, 30, seed=frames)
    assert [scene.start for scene in scenes[1:]] == [scene.start + scene.length for scene in scenes[:-1]]
    assert scenes[-1].start + scenes[-1].length == frames
    assert all(scene.length >= 1 for scene in scenes)
    if frames >= 5400:
        assert all(4 * 30 <= scene.length <= 25 * 30 for scene in scenes)
        assert len({scene.length for scene in scenes}) > 8


def test_timecode() -> None:
    assert timecode(30 * 3723 + 29, 30) == "01:02:03:29  111719"
