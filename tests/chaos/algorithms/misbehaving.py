"""Does on purpose what nobody wants of a worker's process, at one frame: the chaos suite's algorithm.

`MEDIA_OPS_ALGORITHMS` names this folder for those who are to find it: Airflow's services, `media`, children.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Luma, Picture, Window

How = Literal[
    "behave", "slow", "sleep", "spin", "stop", "crash", "abort", "memory", "write", "fork", "forks", "socket"
]


class Misbehaving(FrameAlgorithm):
    """Misbehave."""

    version = "1.0.0"
    frames = Luma()

    class Params(FrameParams):
        how: How = Field("behave", description="What it does; `slow` works on, a little later at each frame.")
        at: int = Field(0, ge=0, description="Rank of the frame at which it does so.")
        seconds: float = Field(3600, description="How long it sleeps, spins, or is slow at each frame.")
        size: int = Field(1 << 30, description="Bytes of memory that it takes, or of the file that it writes.")
        once: str = Field("", description="Folder where it notes that it has done so: then it does not again.")

    def process(self, window: Window) -> Picture:
        wanted: How = self.params.how
        if wanted == "slow":
            time.sleep(self.params.seconds)
        elif wanted != "behave" and window.rank == self.params.at and self._is_first():
            self._doings()[wanted]()
        return window.picture

    def _is_first(self) -> bool:
        if not self.params.once:
            return True
        try:
            (Path(self.params.once) / f"{self.params.how}-{self.params.at}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _doings(self) -> dict[str, Callable[[], object]]:
        return {
            "sleep": lambda: time.sleep(self.params.seconds),
            "spin": self._spin,
            "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
            "crash": lambda: ctypes.string_at(0),
            "abort": os.abort,
            "memory": self._fill,
            "write": self._write,
            "fork": self._fork,
            "forks": self._fork_often,
            "socket": lambda: socket.socket(socket.AF_INET).close(),
        }

    def _spin(self) -> None:
        end = time.monotonic() + self.params.seconds
        while time.monotonic() < end:
            pass

    def _fill(self) -> None:
        taken = [bytes(range(256)) * 4096 for _ in range(self.params.size >> 20)]
        time.sleep(self.params.seconds)
        taken.clear()

    def _write(self) -> None:
        with tempfile.TemporaryFile() as file:
            for _ in range(self.params.size >> 20):
                file.write(bytes(1 << 20))

    def _fork_often(self) -> None:
        for _ in range(200):
            self._fork()
        time.sleep(self.params.seconds)

    def _fork(self) -> None:
        """Leave a child behind that no signal but SIGKILL ends."""
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(self.params.seconds)
            os._exit(0)
