"""What a child may use, and how it goes when its parent does."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 1024
_MEMORY_BYTES = 16 * 2**30


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; go at once if it already did."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def limit_resources() -> None:
    """Bound memory and open files, leave no core dumps. Broken media can ask a decoder for almost anything."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_AS, int(os.environ.get("MEDIA_OPS_MEMORY_BYTES", _MEMORY_BYTES)))


def _lower(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (limit, hard))
