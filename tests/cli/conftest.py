"""The program `media` as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.spoiling import done

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


def left_in(folder: Path) -> list[str]:
    """Name what lies in a folder, hidden names included."""
    return sorted(os.listdir(folder))


@pytest.fixture(scope="session")
def made(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a source, its result and the proof; never changed."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copy(clip("plain.mp4"), folder / "source.mp4")
    done(folder / "source.mp4", folder / "out.mp4")
    return folder


@pytest.fixture
def pair(made: Path, tmp_path: Path) -> Path:
    """Give a copy of it, to be spoiled."""
    return Path(shutil.copytree(made, tmp_path / "pair"))
