"""Nothing outlives a task: not its child, nor what that child has started, however the task and the child end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from media_ops.errors import ChildDied
from media_ops.worker.attempt import Progress
from tests.worker.conftest import Misbehave, gone, group_of

# A task's process: it runs one attempt and tells the group's number.
TASK = """
import sys
from media_ops.requests import ProcessRequest
from media_ops.worker.attempt import process_attempt
attempt = process_attempt(ProcessRequest.model_validate_json(sys.argv[1]))
attempt.run(lambda progress: print(attempt.pid, progress.done, flush=True))
"""


@pytest.fixture
def task(misbehave: Misbehave) -> subprocess.Popen[str]:
    """Start a task whose child forks at its first frame, and works slowly on."""
    request = misbehave(how="fork", at=1, seconds=60).request.model_dump_json()
    return subprocess.Popen([sys.executable, "-c", TASK, request], stdout=subprocess.PIPE, text=True)


def running(task: subprocess.Popen[str]) -> int:
    """Wait until the child has forked, stop it there, and give its group's number."""
    assert task.stdout is not None
    leader = int(task.stdout.readline().split()[0])
    os.kill(leader, signal.SIGSTOP)
    end = time.monotonic() + 10
    while len(group_of(leader)) < 3 and time.monotonic() < end:  # the leader, its guard, what it forked
        os.kill(leader, signal.SIGCONT)
        time.sleep(0.002)
        os.kill(leader, signal.SIGSTOP)
    assert len(group_of(leader)) == 3
    return leader


def test_all_go_when_the_task_is_killed(task: subprocess.Popen[str]) -> None:
    with task:
        leader = running(task)
        os.kill(leader, signal.SIGCONT)
        task.kill()
        assert gone(leader)


def test_all_go_when_the_task_is_killed_and_the_whole_group_was_stopped(task: subprocess.Popen[str]) -> None:
    with task:
        leader = running(task)
        os.killpg(leader, signal.SIGSTOP)
        task.kill()
        assert gone(leader)


def test_all_go_when_a_stopped_task_is_killed(task: subprocess.Popen[str]) -> None:
    with task:
        leader = running(task)
        os.kill(leader, signal.SIGCONT)
        task.send_signal(signal.SIGSTOP)
        task.kill()
        assert gone(leader)


def test_all_go_when_the_leader_dies_first(task: subprocess.Popen[str]) -> None:
    with task:
        leader = running(task)
        os.kill(leader, signal.SIGKILL)
        assert gone(leader)
        assert task.wait(10) == 1


def test_what_a_child_leaves_behind_goes_with_it(misbehave: Misbehave, scratch: Path) -> None:
    attempt = misbehave(how="fork", at=1, seconds=60)
    assert attempt.run().end == 25
    assert gone(attempt.pid, 1)
    assert list(scratch.iterdir()) == []


def test_an_attempt_that_is_over_kills_nobody(misbehave: Misbehave) -> None:
    attempt = misbehave(how="slow", seconds=0.05)

    def kill(_: Progress) -> None:
        attempt.kill()

    with pytest.raises(ChildDied):
        attempt.run(kill)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], process_group=0)
    try:
        attempt._child.pid = other.pid  # type: ignore[union-attr]
        attempt.kill()
        time.sleep(0.1)
        assert psutil.Process(other.pid).is_running()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_the_guard_is_taken_for_no_child(misbehave: Misbehave) -> None:
    attempt = misbehave(how="slow", seconds=0.05)
    seen: set[str] = set()

    def look(_: Progress) -> None:
        assert attempt.pid is not None
        seen.update(" ".join(process.cmdline()) for process in group_of(attempt.pid) if process.pid != attempt.pid)

    attempt.run(look)
    assert [name.strip() for name in seen] == ["media-ops-guard"]
