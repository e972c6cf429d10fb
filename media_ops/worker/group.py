"""What the processes of one group use, read from /proc."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES_CHILDREN = os.path.exists("/proc/thread-self/children")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """A group at one moment: bytes in memory, bytes read so far, processes, and whether its leader was stopped."""

    resident: int
    read: int
    processes: int
    stopped: bool


class Group:
    """The process group that `leader` leads, which adopts orphans; who belongs to it is looked up by `refresh`."""

    def __init__(self, leader: int) -> None:
        self.leader = leader
        self._others: list[int] = []
        self._read: dict[int, int] = {}

    @property
    def members(self) -> list[int]:
        """Process ids, the leader's first."""
        return [self.leader, *self._others]

    def refresh(self) -> None:
        """Look for the members: 0.2 ms, but 1 to 4 where the kernel names no children."""
        self._others = list(_below(self.leader) if _NAMES_CHILDREN else _of_group(self.leader))

    def sample(self) -> Sample:
        """Look at the members that are known."""
        resident = processes = 0
        for pid in self.members:
            pages = _read(pid, "statm").split()
            # What the others share with the leader is counted with the leader.
            own = int(pages[1]) - (int(pages[2]) if pid != self.leader else 0) if pages else 0
            resident += own * _PAGE
            processes += own != 0  # a dead one that nobody has asked for has no pages
            io = _read(pid, "io")
            if io.startswith(b"rchar: "):
                self._read[pid] = int(io[7 : io.index(b"\n")])
        stopped = _fields(self.leader)[:1] == [b"T"]
        return Sample(resident, sum(self._read.values()), processes, stopped)

    def proportional(self) -> int:
        """Give the bytes in memory, what is shared counted once; dear, and 0 where nobody may know."""
        total = 0
        for pid in self.members:
            for line in _read(pid, "smaps_rollup").splitlines():
                if line.startswith(b"Pss:"):
                    total += int(line.split()[1]) * 1024
        return total

    def ran_and_waited(self) -> tuple[float, float]:
        """Give the seconds that all threads were on a processor, and those that they waited for one."""
        ran = waited = 0
        for pid in self.members:
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    numbers = _read(pid, f"task/{thread}/schedstat").split()
                    if len(numbers) == 3:
                        ran, waited = ran + int(numbers[0]), waited + int(numbers[1])
        return ran / 1e9, waited / 1e9


def _below(pid: int) -> Iterator[int]:
    """Give children, their children, and so on."""
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in map(int, _read(pid, f"task/{thread}/children").split()):
                yield child
                yield from _below(child)


def _of_group(leader: int) -> Iterator[int]:
    """Look through all processes of the machine."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != leader and _fields(int(name))[2:3] == [str(leader).encode()]:
            yield int(name)


def _fields(pid: int) -> list[bytes]:
    """Fields of a process behind its name, which may hold anything: state, parent, group."""
    return _read(pid, "stat").rpartition(b") ")[2].split()


def _read(pid: int, name: str) -> bytes:
    try:
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
