from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from media_airflow import tied

TIED = [sys.executable, "-I", "-S", str(Path(tied.__file__)), "--signal", "SIGKILL"]

PARENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:])
print(child.pid, flush=True)
time.sleep(60)
"""

FORKING = """
import os, threading, time
from media_airflow.tied import tie_forks
tie_forks()
from_main = os.fork() or time.sleep(60)
def fork():
    print(from_main, os.fork() or time.sleep(2), flush=True)
threading.Thread(target=fork).start()
time.sleep(60)
"""


def gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_tied_command_ends_with_its_parent() -> None:
    code = PARENT.replace("sys.argv[1:]", "sys.argv[1:], env={'MEDIA_OPS_PARENT': str(__import__('os').getpid())}")
    command = [sys.executable, "-c", code, *TIED, "/bin/sleep", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child, 0.3)
        parent.kill()
        assert gone(child, 5)


def test_a_tied_command_whose_parent_is_gone_does_not_start() -> None:
    environment = {"MEDIA_OPS_PARENT": str(2**22 - 1)}
    assert subprocess.run([*TIED, "/bin/echo", "x"], env=environment, check=False).returncode == 1


@pytest.mark.parametrize("parent", ["0", ""])
def test_an_untied_command_becomes_the_next_ones_parent(parent: str) -> None:
    command = [*TIED, "/bin/sh", "-c", 'test "$MEDIA_OPS_PARENT" = $$']
    assert subprocess.run(command, env={"MEDIA_OPS_PARENT": parent}, check=False).returncode == 0


def test_forks_are_tied_only_when_made_by_the_main_thread() -> None:
    with subprocess.Popen([sys.executable, "-c", FORKING], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        by_main, by_thread = map(int, parent.stdout.readline().split())
        # The thread has ended; its child must not have gone with it.
        assert not gone(by_thread, 0.3)
        parent.kill()
        assert gone(by_main, 5)
        assert gone(by_thread, 5)


def test_a_process_that_is_not_the_parent_is_noticed() -> None:
    pid = os.fork()
    if not pid:
        tied.die_with_parent(1 if os.getppid() != 1 else 2)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
