"""Two attempts at one segment: the first whole record counts, the other attempt's child is ended."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from media_airflow.race import Race, count_hedges, mark_hedge, raced, winner
from media_ops.cut import cut
from media_ops.errors import ChildDied
from media_ops.model import JobOptions, SegmentResult
from media_ops.registry import get
from media_ops.requests import ProbeRequest, ProcessRequest, Reuse
from media_ops.storage import open_store
from media_ops.worker.attempt import Attempt, Progress, probe_attempt, process_attempt

Clip = Callable[[str], Path]


@pytest.fixture
def request_(clip: Clip, tmp_path: Path) -> ProcessRequest:
    source, store = clip("plain.mp4"), str(tmp_path / "store")
    os.utime(source, (1e9, 1e9))
    time.sleep(max(0.0, source.stat().st_ctime + 2.1 - time.time()))  # else nothing is kept of it
    probe = probe_attempt(ProbeRequest(source=str(source), store=store, prefix="job")).run()
    algorithm = get("transcode_h264").from_params({"preset": "medium"})
    plan = cut(probe, algorithm, JobOptions(segments=2), store=store, prefix="job", workers=2)
    return ProcessRequest(
        source=str(source),
        store=store,
        prefix="job",
        segment=plan.segments[0],
        algorithm="transcode_h264",
        params={"preset": "medium"},
        trace_id="slow",
        reuse=Reuse(source_sha256=probe.sha256),
    )


def held(attempt: Attempt[SegmentResult]) -> SegmentResult:
    """Run an attempt whose child stops after its first frames."""

    def stop(_: Progress) -> None:
        assert attempt.pid is not None
        os.kill(attempt.pid, signal.SIGSTOP)

    return attempt.run(stop)


def another(request: ProcessRequest) -> SegmentResult:
    return process_attempt(request.model_copy(update={"trace_id": "quick"})).run()


def test_the_loser_is_stopped_and_gives_the_winners_result(request_: ProcessRequest) -> None:
    attempts: list[Attempt[SegmentResult]] = []

    def run(attempt: Attempt[SegmentResult]) -> SegmentResult:
        attempts.append(attempt)
        if len(attempts) > 1:
            return attempt.run()
        threading.Timer(1, another, [request_]).start()
        return held(attempt)

    result = raced(request_, run, patience=0.2)
    assert (result.trace_id, result.reused, len(attempts)) == ("quick", True, 2)
    assert attempts[0].pid is not None
    assert not psutil.pid_exists(attempts[0].pid)
    store = open_store(request_.store)
    assert len([stat for stat in store.list("segments/") if stat.key.endswith(".nut")]) == 1  # one is published


def test_a_child_that_is_held_up_before_it_has_said_its_key_is_stopped_too(request_: ProcessRequest) -> None:
    attempts: list[Attempt[SegmentResult]] = []

    def stop_and_copy(attempt: Attempt[SegmentResult]) -> None:
        while attempt.pid is None:
            time.sleep(0.001)
        os.kill(attempt.pid, signal.SIGSTOP)
        copy = process_attempt(request_.model_copy(update={"trace_id": "quick"}))
        copy.run()
        mark_hedge(open_store(request_.store), "job", request_.segment.order, copy.content_key or "")

    def run(attempt: Attempt[SegmentResult]) -> SegmentResult:
        attempts.append(attempt)
        if len(attempts) == 1:
            threading.Thread(target=stop_and_copy, args=(attempt,)).start()
        return attempt.run()

    assert raced(request_, run, patience=0.2).trace_id == "quick"
    assert (len(attempts), attempts[0].content_key) == (2, None)


def test_who_wins_is_not_stopped_by_its_own_record(request_: ProcessRequest) -> None:
    attempt = process_attempt(request_)
    with Race(attempt, request_, patience=0.01) as race:
        result = attempt.run()
        time.sleep(2.5)
    assert (race.lost, result.trace_id, winner(attempt, request_)) == (False, "slow", "slow")


def test_a_record_whose_parts_are_gone_stops_nobody(request_: ProcessRequest) -> None:
    attempt = process_attempt(request_)
    another(request_)
    store = open_store(request_.store)
    for stat in store.list("segments/"):
        if stat.key.endswith(".nut"):
            store.delete(stat.key)
    with Race(attempt, request_, patience=0.01) as race:
        result = attempt.run()
    assert (race.lost, result.trace_id) == (False, "slow")


def test_an_attempt_that_is_called_off_ends(request_: ProcessRequest) -> None:
    attempt = process_attempt(request_)
    with Race(attempt, request_, patience=1, is_over=lambda: True) as race, pytest.raises(ChildDied):
        held(attempt)
    assert (race.lost, race.called_off) == (False, True)


def test_a_forced_attempt_races_nobody(request_: ProcessRequest) -> None:
    another(request_)
    forced = request_.model_copy(update={"reuse": Reuse(source_sha256="0" * 64, force=True)})
    assert raced(forced, lambda attempt: attempt.run(), patience=0.01).trace_id == "slow"


def test_a_failure_of_its_own_is_not_hidden(request_: ProcessRequest) -> None:
    def run(attempt: Attempt[SegmentResult]) -> SegmentResult:
        raise ChildDied("by itself")

    with pytest.raises(ChildDied, match="by itself"):
        raced(request_, run, patience=0.01)


def test_copies_are_counted(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    for order in (3, 5, 3):
        mark_hedge(store, "jobs/a/b", order)
    assert count_hedges(str(tmp_path / "store"), "jobs/a/b") == 2
    assert count_hedges(str(tmp_path / "store"), "jobs/a/other") == 0
