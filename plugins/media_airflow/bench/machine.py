"""Where figures come from: they are worth nothing without it."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path


def machine() -> str:
    """Name cores, processor, system, and how busy others kept it a minute ago."""
    system = f"{platform.machine()}, {platform.platform()}"
    return f"{len(os.sched_getaffinity(0))} CPUs, {_processor()}, {system}, load {os.getloadavg()[0]:.1f}"


@contextlib.contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Keep this process, and what it starts, on so many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "processor unknown"
