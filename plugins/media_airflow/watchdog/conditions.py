"""When a rule applies: decided over plain records, without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from media_airflow.watchdog.rules import Rule
from media_airflow.watchdog.seen import RunSeen, TaskSeen
from media_airflow.watchdog.watched import Watched

Named = tuple[str, int]


@dataclass(frozen=True)
class Finding:
    """A condition that holds: for so many seconds, why, and of which tasks; none means the whole run."""

    seconds: float
    said: str
    tasks: tuple[Named, ...] = ()


def deadline(rule: Rule, run: RunSeen, time: Watched) -> Finding | None:
    """Whether a run that has not ended is past the deadline that its job names, or else the rule's."""
    minutes = run.conf.get("deadline_minutes")
    if minutes is None:
        minutes = rule.after_minutes
    if not isinstance(minutes, int | float) or run.state not in ("queued", "running"):
        return None
    late = time.age(run.since) - 60 * minutes
    return Finding(late, f"it has not ended {minutes:g} minutes after it was asked for") if late >= 0 else None


def quiet(run: RunSeen, time: Watched) -> float:
    """Give the seconds since anything of a run moved."""
    signs = [run.since, run.started, run.last_end, *(sign for task in run.tasks for sign in task.signs)]
    return time.age(max(sign for sign in signs if sign is not None))


def stuck(rule: Rule, run: RunSeen, time: Watched, *, slots_taken: bool) -> Finding | None:
    """Whether nothing of a running run moves; one that waits for slots which others hold only waits."""
    still = quiet(run, time)
    if run.state != "running" or still < rule.seconds:
        return None
    minutes = int(still // 60)
    if run.running:
        names = ", ".join(_label(task) for task in run.running[:5])
        tasks = tuple((task.task_id, task.map_index) for task in run.running)
        return Finding(still, f"nothing has moved for {minutes} minutes, running are {names}", tasks)
    if run.waits and slots_taken:
        return None
    said = "a task waits although slots are free" if run.waits else "no task of it runs or waits"
    return Finding(still, f"nothing has moved for {minutes} minutes, and {said}")


def worker_gone(rule: Rule, run: RunSeen, time: Watched, gone: Mapping[str, float]) -> Finding | None:
    """Whether a running task's process is not there any more; `gone` says since when it is missed, by `missed`."""
    lost = [task for task in run.running if missed(run, task) in gone]
    old = [task for task in lost if time.age(gone[missed(run, task)]) >= rule.seconds]
    if not old:
        return None
    seconds = max(time.age(gone[missed(run, task)]) for task in old)
    said = f"the process of {', '.join(_label(task) for task in old[:5])} is gone"
    return Finding(seconds, said, tuple((task.task_id, task.map_index) for task in old))


def missed(run: RunSeen, task: TaskSeen) -> str:
    """Name an attempt."""
    return f"{run.key}/{task.task_id}/{task.map_index}/{task.pid}/{task.started}"


def not_notified(rule: Rule, run: RunSeen, time: Watched, states: Mapping[str, str | None]) -> Finding | None:
    """Whether a run ended by itself, and `notify` did not do its part.

    A cancelled run leaves `published` skipped or never looked at. With `notify` run again it would end as a success.
    One of which only the failed tasks were cleared then does that by itself, without a result: it is to go on.
    """
    if run.ended is None or time.age(run.ended) < rule.seconds:
        return None
    if run.state == "success" and states.get("notify") == "skipped":
        said = "it reads as a success, and nothing was published: it was cancelled, and cleared in part"
        return Finding(time.age(run.ended), said, (("merge", -1), ("notify", -1), ("published", -1)))
    if states.get("notify") in ("success", "skipped"):
        return None
    by_itself = run.state == "success" or states.get("published") in ("success", "failed", "upstream_failed")
    if run.state not in ("success", "failed") or not by_itself:
        return None
    how = "failed" if states.get("notify") == "failed" else "was never run"
    return Finding(time.age(run.ended), f"its task notify {how}", (("notify", -1),))


def _label(task: TaskSeen) -> str:
    return task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"
