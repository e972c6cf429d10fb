"""From the settings, and a request, to what a child may take."""

from __future__ import annotations

import json
import os
from typing import Any

from media_ops.settings import Settings
from media_ops.worker.handover import SOURCES
from media_ops.worker.limits import Limits
from media_ops.worker.machine import memory_of_machine
from media_ops.worker.watch import Bounds

# Of the machine's memory. Not divided by the number of children: one large film alone may have it, and where many
# fill it together the kernel ends one of them, which is tried again.
_SHARE = 0.75


def limits() -> Limits:
    """Give what the kernel keeps the child to."""
    settings = Settings()
    return Limits(settings.memory_bytes, settings.file_bytes, settings.cpu_seconds)


def bounds_for(request: str) -> Bounds:
    """Give what we look after ourselves, for a request as JSON."""
    settings = Settings()
    record: dict[str, Any] = json.loads(request)
    names = [record.get(role) for role in (*SOURCES, "path", "result")]
    return Bounds(
        stall_seconds=settings.stall_seconds,
        start_seconds=settings.start_seconds,
        resident_bytes=settings.resident_bytes or int(_SHARE * memory_of_machine()),
        input_bytes=sum(os.path.getsize(name) for name in names if isinstance(name, str) and os.path.isfile(name)),
    )
