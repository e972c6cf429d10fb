"""What a job takes while it runs."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator


class Meter:
    """Wall time, of each stage too, and the CPU time of this process and of its ended children, from now on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), cpu_seconds()
        self._stages: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._stages[f"{name}_wall_seconds"] = round(time.monotonic() - began, 3)

    def read(self) -> dict[str, float]:
        wall = time.monotonic() - self._wall
        return {"wall_seconds": round(wall, 3), "cpu_seconds": round(cpu_seconds() - self._cpu, 3)} | self._stages


def cpu_seconds() -> float:
    """User and system seconds of this process and all its ended children so far."""
    usages = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
