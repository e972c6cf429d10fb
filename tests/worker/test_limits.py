"""What a child takes too much of ends it, with a reason; so does a crash."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest

from media_ops.errors import ChildDied, InputError, LimitExceeded, MemoryExceeded, WorldError
from media_ops.worker.attempt import Progress
from media_ops.worker.limits import Limits
from tests.worker.conftest import Misbehave, gone

MIB = 2**20


def test_memory(misbehave: Misbehave, monkeypatch: pytest.MonkeyPatch, scratch: Path) -> None:
    monkeypatch.setenv("MEDIA_OPS_RESIDENT_BYTES", "300MiB")
    assert misbehave().run().end == 25
    attempt = misbehave(how="memory", at=5, size=350 * MIB)
    with pytest.raises(MemoryExceeded, match="it took more than 300 MiB of memory") as raised:
        attempt.run()
    assert isinstance(raised.value, WorldError)
    assert gone(attempt.pid, 1)
    assert list(scratch.iterdir()) == []


def test_processes(misbehave: Misbehave) -> None:
    attempt = misbehave(how="forks", at=5)
    with pytest.raises(LimitExceeded, match="more than 128 processes"):
        attempt.run()
    assert gone(attempt.pid, 1)


def test_address_space(misbehave: Misbehave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_OPS_MEMORY_BYTES", "768MiB")
    with pytest.raises(WorldError, match="MemoryError"):
        misbehave(how="memory", at=5, size=800 * MIB).run()


def test_the_size_of_a_file(misbehave: Misbehave, monkeypatch: pytest.MonkeyPatch, scratch: Path) -> None:
    monkeypatch.setenv("MEDIA_OPS_FILE_BYTES", "3MiB")
    with pytest.raises(LimitExceeded, match=f"larger than the {3 * MIB} bytes") as raised:
        misbehave(how="write", at=5, size=8 * MIB).run()
    assert isinstance(raised.value, InputError)
    assert list(scratch.iterdir()) == []


def test_a_segment_that_grows_too_large(misbehave: Misbehave, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg writes it, and has words of its own."""
    small = Limits(address_space=16 * 2**30, file_size=4096, cpu_seconds=3600)
    monkeypatch.setattr("media_ops.worker.attempt.limits", lambda: small)
    with pytest.raises(LimitExceeded, match="larger than the 4096 bytes"):
        misbehave().run()


def test_cpu_time(misbehave: Misbehave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_OPS_CPU_SECONDS", "3")
    with pytest.raises(LimitExceeded, match="more CPU time than it may"):
        misbehave(how="spin", at=5).run()


@pytest.mark.parametrize(("how", "name"), [("crash", "SIGSEGV"), ("abort", "SIGABRT")])
def test_a_crash_names_its_signal(misbehave: Misbehave, how: str, name: str, scratch: Path) -> None:
    attempt = misbehave(how=how, at=5)
    with pytest.raises(ChildDied, match=f"crashed by {name}: "):
        attempt.run()
    assert gone(attempt.pid, 1)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(("ours", "said"), [(True, False), (False, True)])
def test_a_kill_that_was_not_ours_may_be_for_want_of_memory(misbehave: Misbehave, ours: bool, said: bool) -> None:
    attempt = misbehave(how="slow", seconds=0.05)

    def kill(_: Progress) -> None:
        if ours:
            attempt.kill()
        elif attempt.pid:
            os.kill(attempt.pid, signal.SIGKILL)

    with pytest.raises(ChildDied, match="SIGKILL") as raised:
        attempt.run(kill)
    assert ("memory ran out" in str(raised.value)) == said


def test_the_parent_keeps_its_own_limits(misbehave: Misbehave) -> None:
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)
    before = [resource.getrlimit(kind) for kind in kinds]
    misbehave().run()
    assert [resource.getrlimit(kind) for kind in kinds] == before
