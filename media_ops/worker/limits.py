"""What a child may use, and how it goes when its parent does."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
from dataclasses import asdict, dataclass
from typing import Self

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_OPEN_FILES = 1024
# Where memory runs out the kernel shall end a child, which is started again, and no database or scheduler.
_FIRST_TO_GO = 500


@dataclass(frozen=True)
class Limits:
    """Bytes of address space and of a file, seconds of CPU time: what the kernel itself keeps a process to."""

    address_space: int
    file_size: int
    cpu_seconds: int

    def to_text(self) -> str:
        """Give them as an argument of the child."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Take them back."""
        return cls(**json.loads(text))

    def impose(self) -> None:
        """Keep this process and its children to them; leave no core dumps.

        Broken media can ask a decoder for almost anything.
        """
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
        _lower(resource.RLIMIT_AS, self.address_space)
        _lower(resource.RLIMIT_FSIZE, self.file_size)
        _lower(resource.RLIMIT_CPU, self.cpu_seconds)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(_FIRST_TO_GO))


def die_with(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel signal this process when the thread that started it ends; go at once if it already did."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of what this process's children leave behind, so that it can be found."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _lower(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (limit, hard))
