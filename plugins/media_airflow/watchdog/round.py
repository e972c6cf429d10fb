"""One look at all jobs, and what follows from it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from media_airflow.watchdog import conditions
from media_airflow.watchdog.acting import Acting
from media_airflow.watchdog.asking import Asking
from media_airflow.watchdog.conditions import Finding
from media_airflow.watchdog.hedging import hedge_slow
from media_airflow.watchdog.memory import Memory
from media_airflow.watchdog.rules import Rule, Watchdog
from media_airflow.watchdog.seen import RunSeen, moment, run_seen
from media_airflow.watchdog.watched import Watched
from media_ops.storage import Store

log = logging.getLogger(__name__)

_DAGS_EVERY = 300.0
_LEFTOVERS_EVERY = 600.0
_FIRST_LOOK_BACK = 86_400.0


class Round:
    """Looks once; `done` says what was done, `memory` what the next look is to know."""

    def __init__(self, config: Watchdog, asking: Asking, acting: Acting, memory: Memory, now: float) -> None:
        self.config, self.asking, self.acting = config, asking, acting
        self.time: Watched = memory.watched(now)
        self.memory = memory.model_copy(update={"last": now, "gaps": self.time.gaps})
        self._old = memory

    def look(self, segments: Callable[[], Store], free_at_most: int) -> None:
        """Look at the runs that go on, then at those that have ended; `segments` opens the store of segments."""
        dags = self._dags()
        if not dags:
            return
        rows = self.asking.runs(dags, ["queued", "running"])
        first = self.memory.first
        runs = [run_seen(row, first.get(f"{row['dag_id']}/{row['dag_run_id']}")) for row in rows]
        names = [(run.dag_id, run.run_id) for run in runs if run.state == "running"]
        tasks = self.asking.holding(names) if names else {}
        runs = [replace(run, tasks=tuple(tasks.get((run.dag_id, run.run_id), ()))) for run in runs]
        self._keep(first={run.key: run.since for run in runs}, gone=self._gone(runs))
        runs = [self._told(run) for run in runs]
        acted = [run.key for run in runs if self._apply(self._of_running(run), run)]
        going = [run for run in runs if run.key not in acted]
        self._keep(**hedge_slow(self.config.stragglers, going, self.asking, self.acting, self.memory, free_at_most))
        self._notified(dags)
        self._leftovers(dags, segments)

    def _of_running(self, run: RunSeen) -> Iterable[tuple[Rule, Finding]]:
        for rule in self.config.rules:
            if rule.condition == "deadline":
                found = conditions.deadline(rule, run, self.time)
            elif rule.condition == "worker gone":
                found = conditions.worker_gone(rule, run, self.time, self.memory.gone)
            elif rule.condition == "stuck" and conditions.quiet(run, self.time) >= rule.seconds:
                taken = run.waits and (self.asking.slots().running > 0 or self.asking.slots().open <= 0)
                found = conditions.stuck(rule, run, self.time, slots_taken=taken)
            else:
                found = None
            if found:
                yield rule, found

    def _apply(self, found: Iterable[tuple[Rule, Finding]], run: RunSeen, clear: Callable[[], int] = int) -> bool:
        """Take the first action that is still allowed: one a look for each run."""
        return any(self.acting.act(rule, finding, run, clear) for rule, finding in found)

    def _told(self, run: RunSeen) -> RunSeen:
        """Ask more of a run of which nothing seems to have moved, as seldom as can be."""
        rules = self.config.of("stuck")
        if not rules or run.state != "running":
            return run
        after = min(rule.seconds for rule in rules)
        name = (run.dag_id, run.run_id)
        if conditions.quiet(run, self.time) >= after:
            told = tuple(
                replace(task, progress=self.asking.progress(name, task)) if task.state == "running" else task
                for task in run.tasks
            )
            run = replace(run, tasks=told)
        if conditions.quiet(run, self.time) >= after:
            longest = max(rule.seconds for rule in rules)
            run = replace(run, last_end=self.asking.last_end(name, self.time.before(longest + 3600)))
        if conditions.quiet(run, self.time) >= after and not run.running:
            run = replace(run, waits=self.asking.waits(name))
        return run

    def _gone(self, runs: Iterable[RunSeen]) -> dict[str, float]:
        """Say since when attempts of this machine have no process."""
        if not self.config.of("worker gone"):
            return {}
        here = socket.gethostname()
        attempts = [
            conditions.missed(run, task)
            for run in runs
            for task in run.running
            if task.host == here and task.pid and not Path(f"/proc/{task.pid}").exists()
        ]
        return {attempt: self._old.gone.get(attempt, self.time.now) for attempt in attempts}

    def _notified(self, dags: tuple[str, ...]) -> None:
        """Look at runs that ended, each once its time has come."""
        if not (rules := self.config.of("not notified")):
            return
        until = self.time.now - min(rule.seconds for rule in rules)
        rows = self._ended("not notified", dags, ["success", "failed"], until)
        runs = [run_seen(row, None) for row in rows]
        names = [(run.dag_id, run.run_id) for run in runs]
        states = self.asking.states(names, ["notify", "published"]) if names else {}
        for run in runs:
            told: Mapping[str, Any] = states.get((run.dag_id, run.run_id), {})
            if "notify" not in told:  # a DAG of another shape
                continue
            found = [(rule, conditions.not_notified(rule, run, self.time, told)) for rule in rules]
            self._apply([(rule, finding) for rule, finding in found if finding], run)
        self._keep(until={**self.memory.until, "not notified": until})

    def _leftovers(self, dags: tuple[str, ...], segments: Callable[[], Store]) -> None:
        """Look at runs that failed, each once its time has come; not each minute, since nobody waits for it."""
        rules = self.config.of("leftovers")
        until = self.time.now - min((rule.seconds for rule in rules), default=0)
        last = self.memory.until.get("leftovers")
        if not rules or (last is not None and last <= until < last + _LEFTOVERS_EVERY):
            return
        for row in self._ended("leftovers", dags, ["failed"], until):
            # What else needs them has them loaded anyway; each minute's task would pay 0.2 CPU-s for nothing.
            from media_airflow.job import place
            from media_airflow.watchdog.leftovers import clear_job, has_leftovers

            run, store = run_seen(row, None), segments()
            prefix = place(run.dag_id, run.run_id)
            if run.ended is not None and has_leftovers(store, prefix):
                age = self.time.age(run.ended)
                found = Finding(age, f"objects of it are left {int(age // 60)} minutes after it ended")
                self._apply(
                    [(rule, found) for rule in rules if age >= rule.seconds],
                    run,
                    partial(clear_job, store, prefix),
                )
        self._keep(until={**self.memory.until, "leftovers": until})

    def _ended(self, what: str, dags: tuple[str, ...], states: list[str], until: float) -> list[dict[str, Any]]:
        """List runs that ended since the last time; a clock that was set back repeats some, which is harmless."""
        since = min(self.memory.until.get(what, until - _FIRST_LOOK_BACK), until - 1)
        rows = self.asking.runs(dags, states, since, until)
        return [row for row in rows if moment(row["end_date"]) is not None]

    def _dags(self) -> tuple[str, ...]:
        fresh = 0 <= self.time.now - self.memory.dags_at < _DAGS_EVERY
        if not (fresh and self.memory.dags):
            self._keep(dags=self.asking.dags(), dags_at=self.time.now)
        return self.memory.dags

    def _keep(self, **update: Any) -> None:
        self.memory = self.memory.model_copy(update=update)
