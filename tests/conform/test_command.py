"""`media conform` as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import MEDIA, Media, called, folder, left_in, media
from tests.cli.test_interruptions import workers

__all__ = ["called", "folder", "media"]
Library = Callable[..., Path]
ROW = {"path", "outcome", "reason", "segments", "frames", "output"}
OUTCOMES = {"sliced", "truncated", "whole", "refused", "skipped", "wrong"}


def test_the_document(media: Media, folder: Path, library: Library) -> None:
    (library("one_frame.mp4") / "notes.txt").write_text("text")
    done = media(
        "conform", library(), "--segments", "2", "--json", "--report", "page.md", "--keep", "kept", XDG_CACHE_HOME=""
    )
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (set(document), set(document["counts"])) == ({"rows", "counts"}, OUTCOMES)
    assert [set(row) for row in document["rows"]] == [ROW, ROW]
    text, film = document["rows"]
    assert (film["path"], film["outcome"], film["output"]) == (
        "one_frame.mp4",
        "whole",
        str(folder / "kept" / "one_frame.mp4.mp4"),
    )
    assert Path(film["output"]).is_file()
    assert (text["path"], text["outcome"], text["output"]) == ("notes.txt", "skipped", None)
    assert document["counts"] == dict.fromkeys(OUTCOMES, 0) | {"whole": 1, "skipped": 1}
    assert done.stderr.count("\n") == 2
    page = (folder / "page.md").read_text()
    assert "| whole | one_frame.mp4 | it has one frame |" in page
    assert "| `odd-size` | refused |" in page
    assert left_in(folder / "kept") == ["one_frame.mp4.mp4", "one_frame.mp4.mp4.proof.json"]


def test_a_wrong_result_ends_with_4_and_a_table(media: Media, folder: Path, library: Library) -> None:
    done = media("conform", library("plain.mp4"), "--timeout", "1", "--segments", "3", "--param", "preset=veryslow",
                 XDG_CACHE_HOME=str(folder / "cache"))  # fmt: skip
    assert done.returncode == 4, done.stdout
    assert "wrong" in done.stdout
    assert "no result within 1 s" in done.stdout
    assert done.stdout.strip().endswith("1 wrong")
    assert left_in(folder / "cache" / "media-ops") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere",), 2),
        ((".", "--algorithm", "nothing"), 2),
        ((".", "--param", "crf=99"), 2),
        ((".", "--report", "nowhere/page.md"), 2),
        ((".", "--keep", "nowhere/kept"), 2),
        ((".", "--state", "/proc/state"), 3),
        ((".", "--segments", "0"), 64),
        ((".", "--timeout", "0"), 64),
        ((), 64),
    ],
)
def test_refusals(called: Media, folder: Path, arguments: tuple[str, ...], code: int) -> None:
    done = called("conform", *arguments, "--json", XDG_CACHE_HOME=str(folder / "cache"))
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1)
    assert json.loads(done.stdout)["error"]["message"] in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow), (signal.SIGTERM, 143)]
)
def test_an_interrupted_run_leaves_nothing_and_goes_on_later(
    folder: Path, library: Library, number: int, code: int
) -> None:
    source = library("long.mp4")
    (source / "a.txt").write_text("tried first")
    command = [*MEDIA, "conform", str(source), "--json", "--workers", "1", "--state", "state", "--keep", "kept"]
    command += ["--param", "preset=veryslow", "--param", "height=720", "--segments", "2"]  # far from ending
    told = os.environ | {"PYTHONFAULTHANDLER": "1"}  # says where it hangs, if it does
    program = psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=told)
    while not (working := workers(program)):
        assert program.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.02)
    program.send_signal(number)
    try:
        stdout, stderr = program.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        program.send_signal(signal.SIGABRT)
        pytest.fail(f"it goes on: {program.communicate()}")
    assert (program.returncode, stdout) == (code, "")
    assert "Traceback" not in stderr
    assert not [child for child in working if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert left_in(folder.parent / "scratch") == []
    assert left_in(folder / "kept") == []
    (source / "long.mp4").unlink()
    again = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert again.stderr == "1/1 skipped a.txt (from the run before): no media\n"
