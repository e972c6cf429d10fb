"""Memory of this machine, or of the container that we are in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


def memory_of_machine() -> int:
    """Give the bytes that all processes here may have together."""
    known = [int(re.findall(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())[0]) * 1024]
    for folder in _folders():
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _text(folder / name).strip()
            known += [int(text)] if text.isdigit() else []
    return min(known)


def killed_for_memory() -> int | None:
    """Give how often the kernel has ended a process of our control group for want of memory; None if nobody says."""
    for folder in _folders():
        for name in ("memory.events", "memory.oom_control"):
            if found := re.search(r"^oom_kill (\d+)$", _text(folder / name), re.MULTILINE):
                return int(found[1])
    return None


def _folders() -> Iterator[Path]:
    """Give the folders where our control group may be: version 1, version 2, each seen from inside or outside."""
    for line in _text(Path("/proc/self/cgroup")).splitlines():
        _, kinds, place = line.split(":", 2)
        if kinds in ("", "memory"):
            root = _GROUPS / kinds if kinds else _GROUPS
            yield from dict.fromkeys([root / place.lstrip("/"), root])


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
