"""Live progress of a run: a bar for each segment on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from media_airflow.demo.api import MAPPED, Run
from media_airflow.embedded import ApiUnavailable

# Each look costs the API server about 0.1 CPU-s.
_POLL = 1.5
_LINE_EVERY = 10.0
_OVER = {"success", "failed"}
_ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}


def follow(run: Run, console: Console, seconds: float) -> str:
    """Show `run` until it ends; give its state. Raises `ApiUnavailable` when it has not ended in time."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TextColumn("{task.fields[says]}"),
        TimeElapsedColumn(),
    )
    deadline = time.monotonic() + seconds
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        board = _Board(run, progress, console)
        while True:
            board.refresh()
            if board.looks_over() and (state := run.state()) in _OVER:
                return state
            if time.monotonic() > deadline:
                raise ApiUnavailable(f"the run {run.run_id} has not ended in {seconds:g} s")
            time.sleep(_POLL)


class _Board:
    """One line a task; percentages come from the tasks' own words."""

    def __init__(self, run: Run, progress: Progress, console: Console) -> None:
        self._run = run
        self._progress = progress
        self._console = console
        self._lines: dict[tuple[str, int], TaskID] = {}
        self._next_line = time.monotonic()
        self._still = False

    def looks_over(self) -> bool:
        """Whether no task is at work or waiting for its turn."""
        return self._still

    def refresh(self) -> None:
        """Look at every task once."""
        tasks = self._run.tasks()
        self._still = bool(tasks) and all(task["state"] in _ENDED for task in tasks)
        tasks = [task for task in tasks if task["state"]]
        for task in sorted(tasks, key=lambda t: (t["start"] or "9", t["map_index"])):
            self._show(task)
        if not self._console.is_terminal and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_EVERY
            states = [f"{_name(task)} {task['state']}" for task in tasks if task["state"] == "running"]
            self._console.print("  " + (", ".join(states) or "waiting"), highlight=False)

    def _show(self, task: dict[str, Any]) -> None:
        key = (task["task_id"], task["map_index"])
        if key[0] == MAPPED and key[1] < 0:  # the placeholder of a task that is not expanded yet
            return
        if key not in self._lines:
            self._lines[key] = self._progress.add_task(_name(task), total=None, says="")
        line = self._lines[key]
        if task["state"] in ("success", "skipped"):
            self._progress.update(line, total=1, completed=1, says=task["state"])
            self._progress.stop_task(line)
        elif task["state"] == "running" and key[0] == MAPPED:
            said = self._run.progress(key[1])
            done, total = said.get("done", 0), said.get("total")
            self._progress.update(line, total=total, completed=done, says=f"{done} frames" if done else "running")
        else:
            self._progress.update(line, says=task["state"])


def _name(task: dict[str, Any]) -> str:
    return str(task["label"] or task["task_id"]) if task["task_id"] == MAPPED else str(task["task_id"])
