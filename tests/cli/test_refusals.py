"""What `media` refuses: one sentence, the right exit code, nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from media_ops.model import RunReport
from tests.cli.conftest import Media, left_in

Clip = Callable[[str], Path]


def sentence(stderr: str) -> str:
    lines = stderr.strip().splitlines()
    assert len(lines) == 1, stderr
    return lines[0]


@pytest.fixture
def inputs(clip: Clip, tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    (folder / "folder.mp4").mkdir(parents=True)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.txt").write_text("This is no video.\n" * 50)
    (folder / "cut.mp4").write_bytes(clip("plain.mp4").read_bytes()[:60_000])
    (folder / "sound.m4a").write_bytes(clip("sound_only.m4a").read_bytes())
    (folder / "noise.mp4").write_bytes(bytes(n * n * 7919 >> 5 & 255 for n in range(20_000)))
    return folder


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing.mp4", "source_not_found"),
        ("folder.mp4", "source_not_found"),
        ("empty.mp4", "not_media"),
        ("text.txt", "not_media"),
        ("cut.mp4", "not_media"),
        ("noise.mp4", "not_media"),
        ("sound.m4a", "no_video"),
    ],
)
def test_bad_inputs(called: Media, folder: Path, inputs: Path, name: str, code: str) -> None:
    (folder / "out.mp4").write_bytes(b"old")
    done = called("run", "transcode_h264", inputs / name, "-o", "out.mp4", "--json")
    assert done.returncode == 2
    report = RunReport.model_validate_json(done.stdout)
    assert report.error is not None
    assert (report.outcome, report.error["code"], report.error["fate"]) == ("failed", code, "input")
    assert name in report.error["message"]
    assert sentence(done.stderr) == f"media: {report.error['message']}"
    assert (left_in(folder), (folder / "out.mp4").read_bytes()) == (["out.mp4"], b"old")


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("ftp://host/x.mp4", "not served"),
        ("http://127.0.0.1:9/x.mp4", "127.0.0.1:9 is not among the hosts"),
        ("concat:a.mp4|b.mp4", "not served"),
        ("pipe:0", "not served"),
    ],
)
def test_addresses_that_are_not_served(called: Media, folder: Path, uri: str, reason: str) -> None:
    done = called("run", "transcode_h264", uri, "-o", "out.mp4")
    assert done.returncode == 2
    assert repr(uri) in sentence(done.stderr)
    assert reason in done.stderr
    assert left_in(folder) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--param", "crf=99"), "crf"),
        (("--param", "crf=-1"), "crf"),
        (("--param", "crf=abc"), "'abc' is not JSON"),
        (("--param", "crf=NaN"), "crf"),
        (("--param", "preset=warp"), "preset"),
        (("--param", "lossless=perhaps"), "lossless"),
        (("--param", "colour=red"), "colour"),
        (("--segments", "9999"), "9999"),
    ],
)
def test_parameters_out_of_range(
    called: Media, clip: Clip, folder: Path, arguments: tuple[str, ...], reason: str
) -> None:
    done = called("run", "transcode_h264", clip("plain.mp4"), "-o", "out.mp4", *arguments)
    assert done.returncode == 2
    assert reason in sentence(done.stderr)
    assert left_in(folder) == []


@pytest.mark.parametrize("output", ["out.avi", "out", "nowhere/out.mp4", "folder.mp4", "SOURCE"])
def test_outputs_that_cannot_be(called: Media, clip: Clip, folder: Path, output: str) -> None:
    (folder / "folder.mp4").mkdir()
    source = clip("plain.mp4")
    before = source.read_bytes()
    done = called("run", "transcode_h264", source, "-o", str(source) if output == "SOURCE" else output)
    assert done.returncode == 2
    assert "output" in sentence(done.stderr)
    assert left_in(folder) == ["folder.mp4"]
    assert source.read_bytes() == before


def test_names_that_are_no_text(media: Media, clip: Clip, folder: Path) -> None:
    source, name = folder / "\udcff.mp4", "\udcfe.mp4"
    source.write_bytes(clip("one_frame.mp4").read_bytes())
    for given, output in ((source, "out.mp4"), (clip("one_frame.mp4"), name)):
        done = media("run", "transcode_h264", given, "-o", output, "--json")
        assert done.returncode == 2
        assert "not valid UTF-8" in json.loads(done.stdout)["error"]["message"]
    assert left_in(folder) == ["\udcff.mp4"]


def test_other_requests(called: Media, clip: Clip) -> None:
    assert "'nothing'" in sentence(called("run", "nothing", clip("plain.mp4"), "-o", "out.mp4").stderr)
    two = called("run", "transcode_h264", clip("plain.mp4"), clip("silent.mp4"), "-o", "out.mp4")
    assert (two.returncode, "one input" in two.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("bogus",),
        ("run", "transcode_h264", "x.mp4"),
        ("run", "-o", "out.mp4"),
        ("run", "transcode_h264", "x.mp4", "-o", "out.mp4", "--segments", "2", "--whole"),
        ("run", "transcode_h264", "x.mp4", "-o", "out.mp4", "--segments", "2", "--segment-seconds", "1"),
        ("run", "transcode_h264", "x.mp4", "-o", "out.mp4", "--segments", "0"),
        ("run", "transcode_h264", "x.mp4", "-o", "out.mp4", "--param", "crf"),
        ("run", "transcode_h264", "x.mp4", "-o", "out.mp4", "--param", "crf=1", "--param", "crf=2"),
        ("run", "transcode_h264", "x.mp4", "-o", "out.mp4", "--verify", "never"),
        ("compare", "x.mp4"),
        ("probe", "--fast", "x.mp4"),
    ],
)
def test_wrong_usage(called: Media, arguments: tuple[str, ...]) -> None:
    done = called(*arguments, "--json")
    assert done.returncode == 64
    error = json.loads(done.stdout)["error"]
    assert (error["code"], f"media: {error['message']}") == ("usage", sentence(done.stderr))


def test_without_json_stdout_stays_empty(media: Media) -> None:
    for arguments in (("bogus",), ("probe", "missing.mp4")):
        done = media(*arguments)
        assert (done.returncode, done.stdout) == (64 if arguments == ("bogus",) else 2, "")
        sentence(done.stderr)


def test_a_machine_without_ffprobe(media: Media, clip: Clip, tmp_path: Path) -> None:
    done = media("probe", clip("plain.mp4"), "--json", PATH=str(tmp_path))
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "tool_missing"
    assert "ffprobe" in sentence(done.stderr)
