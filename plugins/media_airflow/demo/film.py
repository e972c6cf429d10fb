"""The demo's own film, drawn in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from media_ops.errors import ToolMissing


@dataclass
class Film:
    """A film that is being drawn; `child` is None when it was there already."""

    path: Path
    console: Console
    child: subprocess.Popen[bytes] | None

    def wait(self) -> None:
        """Wait until it is there. Raises `ToolMissing` with what the process said last."""
        if self.child is None:
            return
        started = time.monotonic()
        with self.console.status("drawing three minutes of film"):
            _, complaint = self.child.communicate()
        if self.child.returncode:
            raise ToolMissing(f"the film could not be drawn: {complaint.decode(errors='replace').strip()[-300:]}")
        waited = time.monotonic() - started
        self.console.print(f"Three minutes of film are drawn, after {waited:.0f} s of waiting: {self.path}")


@contextmanager
def drawn(console: Console, path: Path) -> Iterator[Film]:
    """Begin to draw unless the film is there from an earlier demo; end the drawing when the block is left."""
    if path.exists():
        yield Film(path, console, None)
        return
    console.print("Drawing three minutes of film, and starting Airflow meanwhile")
    command = [sys.executable, "-m", "media_ops.demo_source", str(path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, process_group=0) as child:
        try:
            yield Film(path, console, child)
        finally:
            if child.poll() is None:
                child.terminate()
