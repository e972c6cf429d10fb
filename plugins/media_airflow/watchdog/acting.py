"""Do what a rule says, once, and write it down."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from media_airflow.watchdog.asking import Asking
from media_airflow.watchdog.conditions import Finding
from media_airflow.watchdog.memory import Diary
from media_airflow.watchdog.rules import Rule
from media_airflow.watchdog.seen import RunSeen, TaskSeen
from media_ops.errors import InputError, MediaError

log = logging.getLogger(__name__)

_ENDED = ("success", "failed")


class Acting:
    """Acts on runs; `done` tells of it."""

    def __init__(self, asking: Asking, diary: Diary, now: float) -> None:
        self._asking, self._diary, self.now = asking, diary, now
        self.done: list[dict[str, Any]] = []

    def act(self, rule: Rule, found: Finding, run: RunSeen, clear: Callable[[], int]) -> bool:
        """Say whether anything was done. What ended, or began again, meanwhile is left alone."""
        claim = self._diary.claim(rule, run.key)
        if claim is None:
            return False
        name = (run.dag_id, run.run_id)
        try:
            was_over, now = run.state in _ENDED, self._asking.now(name)
            if (now["state"] in _ENDED) != was_over:
                self._diary.release(claim)
                return False
            count = self._take(rule, found, run, clear)
            if rule.action != "fail":
                self._asking.note(name, _line(now["note"], rule, found))
        except InputError as error:  # the run or its DAG is not there any more, or will not have it
            log.warning("%s: %s %s: %s", rule.name, *name, error)
            count = 0
        except MediaError:
            self._diary.release(claim)
            raise
        log.log(logging.ERROR if rule.action == "alarm" else logging.WARNING, "%s", self._said(rule, found, run))
        number = int(claim.rpartition("/")[2]) + 1
        self.write(rule.condition, rule.action, run, found.said, count=count, number=number)
        return True

    def seconds(self, task: TaskSeen) -> float:
        """For how long a task has been running."""
        return self.now - task.started if task.started is not None else 0.0

    def write(self, condition: str, action: str, run: RunSeen, said: str, **more: int) -> None:
        """Note what was done."""
        at = datetime.fromtimestamp(self.now, UTC).isoformat(timespec="seconds")
        told = {"at": at, "condition": condition, "action": action, "dag_id": run.dag_id, "run_id": run.run_id}
        self.done.append({**told, "said": said, **more})

    def _take(self, rule: Rule, found: Finding, run: RunSeen, clear: Callable[[], int]) -> int:
        name = (run.dag_id, run.run_id)
        if rule.action == "fail":
            self._asking.fail(name, _line(run.note, rule, found))
            return 1
        if rule.action == "clear":
            return clear()
        if rule.action == "retry":
            # A task that ended meanwhile is not running any more, and stays as it is.
            only = "any" if run.state in _ENDED else "running" if found.tasks else "failed"
            count = self._asking.clear(name, found.tasks, only=only)
            # A running task that is cleared waits until its process has ended; nobody would tell of one that is gone.
            return (
                self._asking.clear(name, found.tasks, only="any")
                if count and rule.condition == "worker gone"
                else count
            )
        return 1

    def _said(self, rule: Rule, found: Finding, run: RunSeen) -> str:
        alarm = "ALARM: " if rule.action == "alarm" else ""
        return f"{alarm}{rule.name}: run {run.run_id} of {run.dag_id}: {found.said}"


def _line(before: str | None, rule: Rule, found: Finding) -> str:
    return "\n".join(filter(None, [before, f"watchdog: {rule.name}: {found.said}"]))
