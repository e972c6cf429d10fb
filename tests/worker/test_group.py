"""What a group uses is seen, whoever in it uses it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from media_ops.worker import group
from media_ops.worker.group import Group

MIB = 2**20

# The leader reads 3 MiB and has a child, which has one in its turn and goes: that one fills 64 MiB.
PROGRAM = """
import os, sys, time
from media_ops.worker.limits import adopt_orphans
adopt_orphans()
with open("/dev/zero", "rb", buffering=0) as zero:
    for _ in range(3):
        zero.read(1 << 20)
if os.fork() == 0:
    if os.fork() == 0:
        held = bytes(range(256)) * (1 << 18)
        print("ready", flush=True)
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(60)
"""


@pytest.fixture
def leader() -> Iterator[int]:
    """Give the number of a group of two, of which one is an orphan."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, process_group=0) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(0.1)
        yield child.pid
        subprocess.run(["kill", "-KILL", "--", f"-{child.pid}"], check=True)


@pytest.mark.parametrize("names_children", [True, False])
def test_an_orphan_is_of_the_group(leader: int, names_children: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "_NAMES_CHILDREN", names_children and group._NAMES_CHILDREN)
    watched = Group(leader)
    alone = watched.sample()
    assert (alone.processes, alone.stopped) == (1, False)
    assert 3 * MIB < alone.read < 30 * MIB
    watched.refresh()
    both = watched.sample()
    assert both.processes == 2
    assert 64 * MIB < both.resident - alone.resident < 96 * MIB
    assert both.resident - 40 * MIB < watched.proportional() < both.resident + 40 * MIB


def test_a_group_that_is_gone_uses_nothing() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], process_group=0)
    child.wait()
    watched = Group(child.pid)
    watched.refresh()
    assert (watched.sample().resident, watched.sample().processes, watched.ran_and_waited()) == (0, 0, (0, 0))
