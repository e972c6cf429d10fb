"""Each condition, over plain records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from media_airflow.watchdog import conditions
from media_airflow.watchdog.rules import Rule
from media_airflow.watchdog.seen import Progress, RunSeen, TaskSeen
from media_airflow.watchdog.watched import Watched

NOW = 1_000_000.0
TIME = Watched(NOW)
RUN = RunSeen("transcode_h264", "a", "running", since=NOW - 3600, started=NOW - 3600)
STUCK = Rule(condition="stuck", after_minutes=30, action="retry")


def task(minutes: float = 60, said: float | None = None, **more: Any) -> TaskSeen:
    progress = None if said is None else Progress(5, 10, 1.0, NOW - 60 * said)
    return TaskSeen("process", 3, "running", started=NOW - 60 * minutes, progress=progress, **more)


class TestDeadline:
    rule = Rule(condition="deadline", after_minutes=None, action="fail")

    @pytest.mark.parametrize(
        ("conf", "after", "late"),
        [
            ({"deadline_minutes": 59}, None, True),
            ({"deadline_minutes": 61}, 1, False),
            ({}, 59, True),
            ({}, None, False),
        ],
    )
    def test_the_jobs_own_comes_before_the_rules(self, conf: dict[str, Any], after: float | None, late: bool) -> None:
        rule = self.rule.model_copy(update={"after_minutes": after})
        assert (conditions.deadline(rule, replace(RUN, conf=conf), TIME) is not None) == late

    def test_it_counts_while_a_job_waits_and_no_more_when_it_has_ended(self) -> None:
        late = replace(RUN, conf={"deadline_minutes": 1})
        assert conditions.deadline(self.rule, replace(late, state="queued"), TIME)
        assert conditions.deadline(self.rule, replace(late, state="success"), TIME) is None

    def test_a_clock_that_jumped_ahead_ends_nothing(self) -> None:
        late = replace(RUN, conf={"deadline_minutes": 30}, since=NOW - 7200)
        assert conditions.deadline(self.rule, late, Watched(NOW, ((NOW - 7000, NOW - 60),))) is None


class TestStuck:
    def found(self, run: RunSeen, *, slots_taken: bool = False) -> conditions.Finding | None:
        return conditions.stuck(STUCK, run, TIME, slots_taken=slots_taken)

    def test_a_task_that_reports_nothing_is_to_be_done_again(self) -> None:
        found = self.found(replace(RUN, tasks=(task(said=31),)))
        assert found is not None
        assert found.tasks == (("process", 3),)
        assert "process[3]" in found.said

    @pytest.mark.parametrize(
        "run",
        [
            replace(RUN, tasks=(task(said=29),)),
            replace(RUN, tasks=(task(29),)),
            replace(RUN, tasks=(task(said=40), task(said=1))),
            replace(RUN, last_end=NOW - 60),
            replace(RUN, started=NOW - 60),
            replace(RUN, state="queued"),
        ],
        ids=["frames", "a start", "a sibling", "an end", "the run's start", "not begun"],
    )
    def test_anything_that_moves_is_left_alone(self, run: RunSeen) -> None:
        assert self.found(run) is None

    def test_one_that_waits_for_slots_only_waits(self) -> None:
        waiting = replace(RUN, waits=True)
        assert self.found(waiting, slots_taken=True) is None
        assert self.found(waiting, slots_taken=False)

    def test_one_without_any_task_that_runs_or_waits_is_stuck(self) -> None:
        found = self.found(RUN, slots_taken=True)
        assert found is not None
        assert found.tasks == ()


class TestWorkerGone:
    rule = Rule(condition="worker gone", after_minutes=3, action="retry")

    def test_only_what_is_missed_for_long_enough_is_done_again(self) -> None:
        lost = task(pid=12, host="here")
        run = replace(RUN, tasks=(lost, replace(lost, map_index=4, pid=13)))
        since = {conditions.missed(run, lost): NOW - 180}
        found = conditions.worker_gone(self.rule, run, TIME, since)
        assert found is not None
        assert found.tasks == (("process", 3),)
        assert conditions.worker_gone(self.rule, run, TIME, {name: NOW - 170 for name in since}) is None
        assert conditions.worker_gone(self.rule, run, TIME, {}) is None


class TestNotNotified:
    rule = Rule(condition="not notified", after_minutes=2, action="retry")
    run = replace(RUN, state="failed", ended=NOW - 150)

    @pytest.mark.parametrize(
        ("state", "notify", "published", "again"),
        [
            ("failed", "failed", "success", True),  # the result is published
            ("success", None, "success", True),
            ("failed", "failed", "upstream_failed", True),
            ("failed", None, "upstream_failed", True),
            ("failed", "success", "upstream_failed", False),
            ("failed", "skipped", "skipped", False),
            ("failed", "failed", "skipped", False),  # cancelled in the middle of it
            ("failed", None, None, False),
        ],
    )
    def test_a_run_that_ended_by_itself_tells(
        self, state: str, notify: str | None, published: str | None, again: bool
    ) -> None:
        states = {"notify": notify, "published": published}
        found = conditions.not_notified(self.rule, replace(self.run, state=state), TIME, states)
        assert (found is not None) == again
        if found:
            assert found.tasks == (("notify", -1),)

    def test_it_is_given_the_time_to_be_retried_by_itself(self) -> None:
        run = replace(self.run, ended=NOW - 110)
        states = {"notify": "failed", "published": "upstream_failed"}
        assert conditions.not_notified(self.rule, run, TIME, states) is None

    def test_a_cancelled_run_that_was_cleared_in_part_is_no_success(self) -> None:
        run = replace(self.run, state="success")
        states = {"notify": "skipped", "published": "skipped"}
        found = conditions.not_notified(self.rule, run, TIME, states)
        assert found
        assert [task for task, _ in found.tasks] == ["merge", "notify", "published"]
        assert conditions.not_notified(self.rule, replace(run, ended=NOW - 110), TIME, states) is None
