"""A child that does not get on is ended, whatever it does meanwhile; one that moves is left alone, however slow."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from media_ops.errors import Stalled, WorldError
from media_ops.requests import ProbeRequest
from media_ops.worker.attempt import Progress, probe_attempt
from tests.worker.conftest import Found, Misbehave, gone

pytestmark = pytest.mark.usefixtures("hurried")


@pytest.mark.parametrize(("how", "words"), [("sleep", "process"), ("spin", "process"), ("stop", "it was stopped")])
def test_a_child_without_progress_is_ended(misbehave: Misbehave, scratch: Path, how: str, words: str) -> None:
    attempt = misbehave(how=how, at=5)
    seen: list[float] = []
    with pytest.raises(Stalled, match=f"{words}.*made no progress for 2 s") as raised:
        attempt.run(lambda _: seen.append(time.monotonic()))
    assert time.monotonic() - seen[-1] < 10
    assert isinstance(raised.value, WorldError)
    assert gone(attempt.pid, 1)
    assert list(scratch.iterdir()) == []


def test_a_slow_child_that_moves_is_left_alone(misbehave: Misbehave) -> None:
    started = time.monotonic()
    seen: list[Progress] = []
    result = misbehave(how="slow", seconds=0.2).run(seen.append)
    assert time.monotonic() - started > 25 * 0.2
    assert (result.end - result.start, seen[-1].done, seen[-1].total) == (25, 25, 25)


def test_a_child_that_is_stopped_from_outside_is_ended(misbehave: Misbehave) -> None:
    attempt = misbehave(how="slow", seconds=0.05)

    def suspend(_: Progress) -> None:
        assert attempt.pid is not None
        os.killpg(attempt.pid, signal.SIGSTOP)

    with pytest.raises(Stalled, match="it was stopped"):
        attempt.run(suspend)
    assert gone(attempt.pid, 1)


def test_what_misbehaves_once_works_the_second_time(misbehave: Misbehave, tmp_path: Path) -> None:
    with pytest.raises(Stalled):
        misbehave(how="sleep", at=5, once=str(tmp_path)).run()
    assert misbehave(how="sleep", at=5, once=str(tmp_path)).run().end == 25


def test_a_program_that_spins_for_the_child_is_no_progress(
    found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "ffprobe"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nwhile :; do :; done\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    attempt = probe_attempt(ProbeRequest(source=str(found[0]), store=str(tmp_path / "store"), prefix="job"))
    with pytest.raises(Stalled):
        attempt.run()
    assert gone(attempt.pid, 1)
