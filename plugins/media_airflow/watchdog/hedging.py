"""Find segments that lag behind their siblings, and have a free slot try them, too."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from media_airflow.watchdog.acting import Acting
from media_airflow.watchdog.asking import PROCESS, Asking
from media_airflow.watchdog.memory import Memory
from media_airflow.watchdog.rules import Stragglers
from media_airflow.watchdog.seen import RunSeen, TaskSeen
from media_airflow.watchdog.stragglers import Pace, stragglers
from media_ops.remote.client import ApiNotFound, RunExists

HEDGE_DAG = "hedge"
# A job of thousands of segments is judged by a few: each is one request, once.
_SAMPLE = 8


def hedge_slow(
    rule: Stragglers, runs: list[RunSeen], asking: Asking, acting: Acting, memory: Memory, free_at_most: int
) -> dict[str, Any]:
    """Start copies of slow segments; give what the next look is to know: `paces` and `hedged`."""
    known = {run.key for run in runs}
    paces = {key: dict(found) for key, found in memory.paces.items() if key in known}
    hedged = {key: list(found) for key, found in memory.hedged.items() if key in known}
    told = {"paces": paces, "hedged": hedged}
    free = -1
    for run in runs if rule.enabled else []:
        slow = [task for task in run.running if _may_be_slow(task, rule, acting)]
        # A forced job computes anew: the copy that ends last would replace what the other made.
        if not slow or run.conf.get("force") or len(hedged.get(run.key, ())) >= rule.most:
            continue
        if free < 0:
            slots = asking.slots()
            free = 0 if slots.waiting else min(slots.open, free_at_most - slots.running)
        if free <= 0:  # first copies go first
            break
        seen = _paces(run, asking, acting, paces.setdefault(run.key, {}))
        for index in stragglers(seen, rule, hedged.get(run.key, ()), free):
            hedged.setdefault(run.key, []).append(index)
            free -= start_hedge(run, index, asking, acting)
    return told


def start_hedge(run: RunSeen, index: int, asking: Asking, acting: Acting) -> bool:
    """Start the copy; its run's id is made of what it copies, so there is never a second one."""
    conf = {"dag_id": run.dag_id, "run_id": run.run_id, "map_index": index, "conf": dict(run.conf)}
    name = hashlib.sha256(json.dumps([run.dag_id, run.run_id, index]).encode()).hexdigest()[:32]
    said = f"segment {index} is a straggler"
    try:
        asking.start(HEDGE_DAG, conf, f"hedge-{name}", f"{said} of {run.run_id} of {run.dag_id}")
    except (RunExists, ApiNotFound):
        return False
    acting.write("straggler", "hedge", run, said, segment=index)
    return True


def _may_be_slow(task: TaskSeen, rule: Stragglers, acting: Acting) -> bool:
    return task.task_id == PROCESS and task.map_index >= 0 and acting.seconds(task) >= rule.seconds


def _paces(run: RunSeen, asking: Asking, acting: Acting, finished: dict[int, tuple[int, float]]) -> list[Pace]:
    name = (run.dag_id, run.run_id)
    found = []
    for task in run.running:
        if task.task_id != PROCESS or task.map_index < 0:
            continue
        told = task.progress or asking.progress(name, task)
        if told is None:
            found.append(Pace(task.map_index, 0, None, acting.seconds(task), running=True))
        else:
            seconds = told.elapsed + max(0.0, acting.now - told.said)
            found.append(Pace(task.map_index, told.done, told.total, seconds, running=True))
    if len(finished) < _SAMPLE:
        for task in asking.finished(name, _SAMPLE):
            # A segment that was found, not made, has said nothing.
            if task.map_index not in finished and (told := asking.progress(name, task)):
                finished[task.map_index] = (told.done, told.elapsed)
    return found + [Pace(index, done, done, seconds, running=False) for index, (done, seconds) in finished.items()]
