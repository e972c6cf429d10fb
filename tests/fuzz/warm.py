"""Attempts whose child is forked from this process and not started afresh: the same code, 0.4 s sooner."""

from __future__ import annotations

import io
import os
import sys
import traceback
from pathlib import Path
from typing import IO, Any

from media_ops.worker import child
from media_ops.worker.attempt import Attempt
from media_ops.worker.bounds import limits


class _Forked:
    """As much of `subprocess.Popen` as an attempt uses."""

    def __init__(self, pid: int, answers: int) -> None:
        self.pid = pid
        self.stdin = None  # its request was in memory when it was forked
        self.stdout = os.fdopen(answers, "r")
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            try:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:  # another thread has waited for it
                self.returncode = self.returncode or 0
        return self.returncode


def load() -> None:
    """Import, once and before anything is forked, what an attempt would import."""
    import media_ops.audio
    import media_ops.compare
    import media_ops.container.heard
    import media_ops.container.joined
    import media_ops.container.result
    import media_ops.container.sound
    import media_ops.container.sync
    import media_ops.container.tracks
    import media_ops.describe
    import media_ops.encoders.segment
    import media_ops.frames.film
    import media_ops.frames.lockstep
    import media_ops.frames.look
    import media_ops.frames.matching
    import media_ops.frames.reader
    import media_ops.merge
    import media_ops.probe
    import media_ops.process
    import media_ops.verify  # noqa: F401


def fork_attempts() -> None:
    """Have all attempts of this process fork from now on."""
    Attempt._start = _start  # type: ignore[assignment, method-assign]


def _start(self: Attempt[Any], scratch: Path, stderr: IO[str]) -> _Forked:
    answers, writes = os.pipe()
    request, parent = self.request.model_dump_json(), os.getpid()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.setpgid(0, 0)
            os.dup2(writes, 1)
            os.dup2(stderr.fileno(), 2)
            os.close(writes)
            sys.argv = ["child", self.verb, str(parent), str(scratch), limits().to_text()]
            sys.stdin = io.StringIO(request)
            sys.stderr = os.fdopen(2, "w", buffering=1)
            status = child.main()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writes)
    self._child = _Forked(pid, answers)  # type: ignore[assignment]
    return self._child  # type: ignore[return-value]
