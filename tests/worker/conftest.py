"""Attempts at a segment whose algorithm misbehaves on purpose."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import media_ops.algorithms
from media_ops import registry
from media_ops.cut import cut
from media_ops.model import JobOptions, SegmentResult
from media_ops.requests import ProbeRequest, ProbeResult, ProcessRequest
from media_ops.worker.attempt import Attempt, probe_attempt, process_attempt

CHAOS = Path(__file__).parents[1] / "chaos" / "algorithms"
Found = tuple[Path, ProbeResult, Path]
Misbehave = Callable[..., Attempt[SegmentResult]]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Scratch folders of attempts land here, so that a leftover is seen."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a stall be seen after two seconds; with one, the imports of a child on a busy machine are taken for it."""
    monkeypatch.setenv("MEDIA_OPS_STALL_SECONDS", "2")


@pytest.fixture
def misbehaving(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the algorithm, here and for children."""
    monkeypatch.setenv("MEDIA_OPS_ALGORITHMS", str(CHAOS))
    monkeypatch.setattr(media_ops.algorithms, "__path__", [*media_ops.algorithms.__path__, str(CHAOS)])
    registry.get.cache_clear()
    yield
    registry.get.cache_clear()


@pytest.fixture(scope="session")
def found(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Give a film of 25 frames, what the probe found in it, and the store where that lies."""
    source, store = clip("tiny.mp4"), tmp_path_factory.mktemp("worker") / "store"
    return source, probe_attempt(ProbeRequest(source=str(source), store=str(store), prefix="job")).run(), store


@pytest.fixture
def misbehave(misbehaving: None, found: Found) -> Misbehave:
    """Give an attempt at the film, as one segment, with the algorithm's parameters."""
    source, probe, store = found

    def attempt(**params: Any) -> Attempt[SegmentResult]:
        algorithm = registry.get("misbehaving").from_params(params)
        plan = cut(probe, algorithm, JobOptions(segments=1), store=str(store), prefix="job", workers=2)
        request = ProcessRequest(
            source=str(source),
            store=str(store),
            prefix="job",
            segment=plan.segments[0],
            algorithm="misbehaving",
            params=algorithm.params.model_dump(mode="json"),
            trace_id="t",
        )
        return process_attempt(request)

    return attempt


def group_of(leader: int) -> list[psutil.Process]:
    """Give the living processes of a group."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (ProcessLookupError, psutil.Error):
            continue
    return members


def gone(leader: int | None, seconds: float = 5) -> bool:
    """Say whether nothing of a group is left within so many seconds; what is left is ended."""
    assert leader is not None
    end = time.monotonic() + seconds
    while (left := group_of(leader)) and time.monotonic() < end:
        time.sleep(0.05)
    for process in left:
        process.send_signal(signal.SIGKILL)
    return not left
