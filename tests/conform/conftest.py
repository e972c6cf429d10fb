"""Folders of clips for the kit, and a kit without the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.conform.kit import Kit
from media_ops.conform.row import Finding, Row
from media_ops.conform.state import State
from media_ops.conform.walk import files_below
from media_ops.conform.wish import Wish, fastest

Clip = Callable[[str], Path]
Try = Callable[..., dict[str, Row]]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporary files land here, and must be gone at the end."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def library(tmp_path: Path, clip: Clip) -> Callable[..., Path]:
    """Make a folder of clips by the names of their recipes."""

    def make(*names: str) -> Path:
        folder = tmp_path / "library"
        folder.mkdir(exist_ok=True)
        for name in names:
            shutil.copy(clip(name), folder / name)
        return folder

    return make


@pytest.fixture
def tried(tmp_path: Path, scratch: Path) -> Try:
    """Run the kit over a folder; give the rows by path."""

    def run(folder: Path, on_finding: Callable[[Finding, bool], None] | None = None, **wishes: Any) -> dict[str, Row]:
        algorithm, params = wishes.get("algorithm", "transcode_h264"), wishes.pop("params", {})
        wish = Wish(params=fastest(algorithm, params), **({"segments": 2} | wishes))
        with State(tmp_path / "state.jsonl", wish, fresh=False) as state:
            kit = Kit(folder, files_below(folder), wish, state, workers=2)
            findings = kit.work(on_finding or (lambda finding, known: None))
        assert list(scratch.iterdir()) == []
        return {finding.row.path: finding.row for finding in findings}

    return run
