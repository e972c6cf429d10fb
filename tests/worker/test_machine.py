"""How much memory there is, and whether the kernel was short of it, as control groups say it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from media_ops.errors import ChildDied
from media_ops.worker import machine
from media_ops.worker.bounds import bounds_for
from media_ops.worker.death import Death
from media_ops.worker.machine import killed_for_memory, memory_of_machine

GIB = 2**30


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of our control group."""
    monkeypatch.setattr(machine, "_folders", lambda: iter([tmp_path / "none", tmp_path]))
    return tmp_path


def test_here_there_is_some() -> None:
    assert GIB // 2 < memory_of_machine() < 2**45
    assert bounds_for("{}").resident_bytes == int(0.75 * memory_of_machine())


@pytest.mark.parametrize("name", ["memory.max", "memory.limit_in_bytes"])
def test_a_container_has_less_than_its_machine(group: Path, name: str) -> None:
    whole = memory_of_machine()
    (group / name).write_text("max\n")
    assert memory_of_machine() == whole
    (group / name).write_text(f"{9 * 2**60}\n")
    assert memory_of_machine() == whole
    (group / name).write_text(f"{GIB // 4}\n")
    assert memory_of_machine() == GIB // 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill {}\noom_group_kill 0\n"),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"),
    ],
)
def test_a_kill_for_want_of_memory_is_called_so(group: Path, name: str, text: str) -> None:
    assert killed_for_memory() is None
    (group / name).write_text(text.format(3))
    assert killed_for_memory() == 3
    death = Death("process")
    perhaps = death.explained(-signal.SIGKILL, "", ours=False)
    (group / name).write_text(text.format(4))
    surely = death.explained(-signal.SIGKILL, "", ours=False)
    assert isinstance(surely, ChildDied)
    assert "perhaps because memory ran out" in str(perhaps)
    assert "SIGKILL, because memory ran out" in str(surely)
    assert "memory" not in str(death.explained(-signal.SIGKILL, "", ours=True))


def test_the_place_of_our_group_is_read_as_the_kernel_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"/proc/self/cgroup": "12:memory:/job/7\n4:cpu,cpuacct:/job\n0::/user.slice\n"}
    monkeypatch.setattr(machine, "_text", lambda path: said.get(str(path), ""))
    assert [str(folder) for folder in machine._folders()] == [
        "/sys/fs/cgroup/memory/job/7",
        "/sys/fs/cgroup/memory",
        "/sys/fs/cgroup/user.slice",
        "/sys/fs/cgroup",
    ]
