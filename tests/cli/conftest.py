"""The program `media` as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_ops.cli.app import start
from tests.cli.spoiling import done_here

MEDIA = [sys.executable, "-m", "media_ops.cli"]
Media = Callable[..., subprocess.CompletedProcess[str]]
Clip = Callable[[str], Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder; temporary files go to `scratch` beside it, which must be empty again at the end."""
    scratch, work = tmp_path / "scratch", tmp_path / "work"
    scratch.mkdir()
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("TMPDIR", str(scratch))
    return work


@pytest.fixture
def media(folder: Path) -> Media:
    """Run `media` to its end, without a terminal."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [*MEDIA, *map(str, arguments)]
        # The columns keep rich from breaking lines.
        settings = dict(os.environ, COLUMNS="300") | environment
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=settings, check=False)
        assert "Traceback" not in done.stderr
        assert left_in(folder.parent / "scratch") == []
        return done

    return run


@pytest.fixture
def called(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Media]:
    """Call what the program calls, in this process: for the many cases of what a few runs of the program show."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        command = [*map(str, arguments)]
        capsys.readouterr()
        status = start(command)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert left_in(folder.parent / "scratch") == []
        return subprocess.CompletedProcess(command, status, said.out, said.err)

    yield run
    signal.set_wakeup_fd(-1)  # else a SIGTERM of a later test is sent once more when nobody expects it
    for number, handler in before.items():
        signal.signal(number, handler)


def left_in(folder: Path) -> list[str]:
    """Name what lies in a folder, hidden names included."""
    return sorted(os.listdir(folder))


@pytest.fixture(scope="session")
def made(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a source, its result and the proof; never changed."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copy(clip("plain.mp4"), folder / "source.mp4")
    done_here(folder / "source.mp4", folder / "out.mp4")
    return folder


@pytest.fixture
def pair(made: Path, tmp_path: Path) -> Path:
    """Give a copy of it, to be spoiled."""
    return Path(shutil.copytree(made, tmp_path / "pair"))
