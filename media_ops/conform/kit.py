"""Try every file below a folder, so many side by side."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from media_ops.conform.leash import Leash
from media_ops.conform.one import Attempted
from media_ops.conform.row import Finding, Row
from media_ops.conform.state import State
from media_ops.conform.wish import Wish
from media_ops.crew import Stopped
from media_ops.storage.publish import scratch_beside

OnFinding = Callable[[Finding, bool], None]
OnBegin = Callable[[str], None]


class Kit:
    """A run over `files` of `folder`. However it ends, no process and no temporary file of it remains."""

    def __init__(self, folder: Path, files: list[Path], wish: Wish, state: State, workers: int) -> None:
        self.folder = folder
        self.files = files
        self.wish = wish
        self.state = state
        self.workers = workers
        self._leashes: set[Leash] = set()
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._on_begin: OnBegin = lambda name: None

    def work(self, on_finding: OnFinding, on_begin: OnBegin | None = None) -> list[Finding]:
        """Give a finding per file, in the order of `files`.

        `on_finding` is called in this thread for each as it comes, with whether it was known from an earlier run;
        `on_begin` in others, with a file's name.
        """
        self._on_begin = on_begin or self._on_begin
        found: dict[Path, Finding] = {}
        pending: dict[Future[Finding], Path] = {}
        with scratch_beside(Path(tempfile.gettempdir()) / "conform") as scratch:
            pool = ThreadPoolExecutor(self.workers, "conform")
            try:
                for number, path in enumerate(self.files):
                    known = self.state.recall(self.folder, path)
                    if known:
                        found[path] = known
                        on_finding(known, True)
                    else:
                        pending[pool.submit(self._try, path, scratch / str(number))] = path
                while pending:
                    done, _ = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        path = pending.pop(future)
                        found[path] = future.result()
                        self.state.remember(self.folder, path, found[path])
                        on_finding(found[path], False)
            finally:
                self._stop(pool)
        return [found[path] for path in self.files]

    def _stop(self, pool: ThreadPoolExecutor) -> None:
        self._stopping.set()
        with self._guard:
            for leash in self._leashes:
                leash.pull()
        pool.shutdown(cancel_futures=True)

    def _try(self, path: Path, scratch: Path) -> Finding:
        name = str(path.relative_to(self.folder))
        if not _is_text(str(path)):
            row = Row(path=name, outcome="refused", reason="its name is not valid UTF-8 (rule unreadable-name)")
            return Finding(row=row, rule="unreadable-name")
        extension = self.wish.container
        output = (Path(self.wish.keep) / f"{name}{extension}") if self.wish.keep else scratch / f"result{extension}"
        with Leash(self.wish.timeout) as leash:
            with self._guard:
                if self._stopping.is_set():
                    raise Stopped
                self._leashes.add(leash)
            self._on_begin(name)
            try:
                scratch.mkdir()
                output.parent.mkdir(parents=True, exist_ok=True)
                output.unlink(missing_ok=True)
                crew_size = max(1, len(os.sched_getaffinity(0)) // self.workers)
                return Attempted(path, name, output, scratch, self.wish, leash, crew_size).finding()
            except OSError as error:  # no place for the output, no space for the state
                return Finding(row=Row(path=name, outcome="wrong", reason=f"{type(error).__name__}: {error}"))
            finally:
                _remove(scratch)
                with self._guard:
                    self._leashes.discard(leash)


def _remove(folder: Path) -> None:
    """Remove a folder into which a child that is just being killed may still write."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
