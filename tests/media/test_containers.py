"""Which codec goes into which container, and what is carried there beside the picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from av.stream import Disposition

from media_ops.algorithm import FrameAlgorithm, MeasureAlgorithm
from media_ops.asked import CONTAINERS
from media_ops.encoders.chosen import containers_of
from media_ops.errors import Unsupported
from media_ops.frames.look import display_matrix, first_frame, look
from media_ops.model import JobOptions
from media_ops.registry import algorithm_names, get
from media_ops.run import run
from tests.everyday import SLOW, slow

Film = Callable[..., Path]

FAST: dict[str, dict[str, Any]] = {
    "transcode_h264": {"preset": "ultrafast"},
    "transcode_h265": {"preset": "ultrafast"},
    "transcode_av1": {"preset": 12},
}
LADDER = {"renditions": [{"preset": "ultrafast"}, {"height": 24, "preset": "ultrafast"}]}
NEEDED: dict[str, dict[str, Any]] = {"watermark": {"text": "x"}}
AV1: dict[str, Any] = {"algorithm": "transcode_av1", "params": {"preset": 12}}
PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1"]
SUBTITLES = "1\n00:00:00,200 --> 00:00:00,800\nHello\n"


def wishes(algorithm: str) -> list[dict[str, Any]]:
    """Give parameters that choose each of the encoders that an algorithm can use."""
    kind = get(algorithm)
    if not issubclass(kind, FrameAlgorithm):
        return [(FAST | {"ladder": LADDER})[algorithm]]
    encoders = kind.Params.model_json_schema()["properties"]["encoder"]["enum"]
    return [NEEDED.get(algorithm, {}) | {"encoder": name, "preset": "ultrafast"} for name in encoders]


def a_second_time(algorithm: str, params: dict[str, Any], extension: str) -> bool:
    """Whether another pair shows it in the ordinary tests: `denoise_fast` each encoder, one container each codec."""
    if extension not in takes(algorithm, params):
        return "encoder" in params and algorithm != "denoise_fast" and params != wishes(algorithm)[0]
    if "encoder" in params and algorithm != "denoise_fast":
        return True
    return extension != takes(algorithm, params)[-1]


def takes(algorithm: str, params: dict[str, Any]) -> tuple[str, ...]:
    return containers_of(get(algorithm).from_params(params))


@pytest.fixture
def plain(film: Film) -> Path:
    return film("plain_small.mp4", *PICTURE, "-c:v", "libx264", "-pix_fmt", "yuv420p")


@pytest.mark.parametrize(
    ("algorithm", "params", "extension"),
    [
        pytest.param(name, params, extension, marks=[SLOW] if a_second_time(name, params, extension) else [])
        for name in algorithm_names()
        if not issubclass(get(name), MeasureAlgorithm)
        for params in wishes(name)
        for extension in CONTAINERS
    ],
)
def test_every_pair_works_or_is_refused_before_any_computing(
    plain: Path, job: Callable[..., Any], algorithm: str, params: dict[str, Any], extension: str, tmp_path: Path
) -> None:
    if extension in takes(algorithm, params):
        work = job(plain, algorithm=algorithm, params=params, extension=extension)
        assert work.run(2, verify="full").proof.frames_out == 25
        return
    events: list[Any] = []
    output = str(tmp_path / f"out{extension}")
    report = run(algorithm, [str(plain)], output, params, JobOptions(), workers=1, on_event=events.append)
    assert report.error is not None
    assert (report.error["code"], report.error["rule"]) == ("unsupported", "codec-container")
    assert events == []


def test_airflow_refuses_the_same(plain: Path, tmp_path: Path) -> None:
    from media_airflow.job import read_job
    from media_airflow.settings import Settings

    settings = Settings(str(tmp_path), results="/r", sources="/s", allowed_roots=(tmp_path, plain.parent), workers=1)
    wish = {"source": str(plain), "output": str(tmp_path / "out.webm")}
    with pytest.raises(Unsupported) as caught:
        read_job("transcode_h264", wish, settings, "jobs/x").wanted(str(plain))
    assert caught.value.rule == "codec-container"
    assert read_job("transcode_av1", wish, settings, "jobs/x").wanted(str(plain)).container == ".webm"


@pytest.mark.parametrize("extension", CONTAINERS)
def test_subtitles_become_what_the_container_holds(
    film: Film, job: Callable[..., Any], extension: str, tmp_path: Path
) -> None:
    text = tmp_path / "subtitles.srt"
    text.write_text(SUBTITLES)
    recipe = [*PICTURE, "-i", str(text), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:s", "srt"]
    clip = film("subtitled.mkv", *recipe, "-metadata:s:s:0", "language=deu")
    work = job(clip, extension=extension, **(AV1 if extension == ".webm" else {}))
    assert work.run(2).warnings == []
    with av.open(str(work.output)) as container:
        stream = container.streams.subtitles[0]
        assert stream.codec_context.name == {".mkv": "srt", ".webm": "webvtt"}.get(extension, "mov_text")
        assert stream.language == ("ger" if extension == ".mov" else "deu"), "QuickTime's own list has but one name"
        packets = [packet for packet in container.demux(stream) if packet.size and b"Hello" in bytes(packet)]
        assert [float(packet.pts * packet.time_base) for packet in packets if packet.pts is not None] == [0.2]


@pytest.mark.parametrize("extension", CONTAINERS)
@pytest.mark.parametrize(
    "turned", [(0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30), slow((-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))]
)
def test_turning_is_kept_or_named(
    plain: Path, job: Callable[..., Any], tmp_path: Path, extension: str, turned: tuple[int, ...]
) -> None:
    source = tmp_path / "turned.mp4"
    with av.open(str(plain)) as reading, av.open(str(source), "w") as output:
        stream = output.add_stream_from_template(reading.streams.video[0])
        stream.set_display_matrix(turned)
        for packet in reading.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    work = job(source, extension=extension, **(AV1 if extension == ".webm" else {}))
    warnings = work.run(2).warnings
    made = display_matrix(first_frame(work.output))
    same = made is not None and all(abs(a - b) <= 16 for a, b in zip(made[:5], turned[:5], strict=True))
    assert same != any("turned or mirrored" in warning for warning in warnings)
    assert same or extension in (".mkv", ".webm")


def test_a_track_of_chapter_titles_is_no_loss(film: Film, job: Callable[..., Any], tmp_path: Path) -> None:
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Two\n"
    )
    clip = film("chapters.mp4", *PICTURE, "-i", str(chapters), "-map_chapters", "1", "-c:v", "libx264")
    with av.open(str(clip)) as container:
        assert [stream.type for stream in container.streams] == ["video", "data"]
    work = job(clip)
    assert work.run(2).warnings == []
    with av.open(str(work.output)) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["One", "Two"]


def test_what_webm_cannot_hold_is_named(film: Film, job: Callable[..., Any], tmp_path: Path) -> None:
    font, cover = tmp_path / "font.ttf", film("cover.png", "-f", "lavfi", "-i", "color=s=32x32", "-frames:v", "1")
    font.write_bytes(b"no real font")
    recipe = [*PICTURE, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-attach", str(font)]
    recipe += ["-metadata:s:t:0", "mimetype=application/x-truetype-font"]
    clip = film("attached.mkv", *recipe, "-attach", str(cover), "-metadata:s:t:1", "mimetype=image/png")
    warnings = job(clip, extension=".webm", **AV1).run(1).warnings
    assert [warning.split(" ")[0] for warning in warnings] == ["attachment", "picture"]
    work = job(clip, extension=".mkv", **AV1)
    assert work.run(1).warnings == []
    with av.open(str(work.output)) as container:
        assert [stream.name for stream in container.streams if stream.type == "attachment"] == ["font.ttf"]
        covers = [s for s in container.streams.video if s.disposition & Disposition.attached_pic]
        assert [bytes(next(container.demux(stream))) for stream in covers] == [cover.read_bytes()]


def test_closed_captions_are_kept_or_named(job: Callable[..., Any], plain: Path, tmp_path: Path) -> None:
    """Captions go through x264 in the frames; the others drop them and say so."""
    source = captioned(plain, tmp_path / "captions.mp4")
    for algorithm, params in FAST.items():
        work = job(source, algorithm=algorithm, params=params)
        warnings = work.run(2).warnings
        kept = "closed captions" in look(work.output).extras
        assert kept != any("closed captions" in warning for warning in warnings)
        assert kept or algorithm != "transcode_h264"


def captioned(plain: Path, path: Path) -> Path:
    """Put a caption (ANSI/SCTE 128, 8.1) into the SEI of every picture."""
    text = bytes([0xB5, 0x00, 0x31]) + b"GA94" + bytes([0x03, 0x41, 0xFF, 0xFC, 0x94, 0x20, 0xFF])
    sei = bytes([0x06, 0x04, len(text)]) + text + b"\x80"
    with av.open(str(plain)) as reading, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(reading.streams.video[0])
        stream.time_base = reading.streams.video[0].time_base
        for packet in reading.demux(video=0):
            if packet.size:
                made = av.Packet(len(sei).to_bytes(4, "big") + sei + bytes(packet))
                made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
                made.is_keyframe, made.stream = packet.is_keyframe, stream
                output.mux(made)
    return path
