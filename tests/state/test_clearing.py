"""What a cancelled job put into a store goes; what others can use stays."""

from __future__ import annotations

from media_ops.state.clearing import clear_job, forget_intermediate
from media_ops.storage.memory import MemoryStore
from media_ops.storage.shelf import Shelf
from media_ops.storage.traces import Trace, keep_trace


def keys(store: MemoryStore) -> list[str]:
    return [found.key for found in store.list()]


def test_all_but_traces_and_finished_segments_goes() -> None:
    store, prefix = MemoryStore(), "jobs/d/1"
    for order in range(1200):
        store.put(f"{prefix}/plan/{order:05d}", b"x")
    for key in (f"{prefix}/index", f"{prefix}/segments/00001/t.nut", f"{prefix}/sound", "jobs/d/10/index"):
        store.put(key, b"x")
    shelf = Shelf(store, "segment")
    for attempt, outcome in (("whole", "succeeded"), ("half", "cancelled"), ("late", "running")):
        shelf.keep("a", {"of": attempt}, [shelf.put(f"{shelf.place('a', attempt)}.nut", attempt.encode())])
        trace = Trace(trace_id=attempt, job_id="1", dag_id="d", event="process", order=1, started=1.0)
        keep_trace(store, prefix, trace.model_copy(update={"outcome": outcome}))
    # One was ended between its record and its trace's last word: what the record names is somebody's.
    shelf.keep("b", {}, [shelf.put(f"{shelf.place('b', 'late')}.nut", b"late")])
    store.put("segments/c/half.nut", b"no record names it")
    store.put("segments/c/other.nut", b"of another job, at work")

    assert clear_job(store, prefix) == 1200 + 3 + 1
    assert [key for key in keys(store) if "/traces/" not in key] == [
        "jobs/d/10/index",
        "segments/a/segment.json",
        "segments/a/whole.nut",
        "segments/b/late.nut",
        "segments/b/segment.json",
        "segments/c/other.nut",
    ]
    assert len([key for key in keys(store) if key.startswith(f"{prefix}/traces/")]) == 3
    assert clear_job(store, prefix) == 0


def test_what_an_ended_job_needs_no_more_goes_and_what_tells_of_it_stays() -> None:
    store, prefix = MemoryStore(), "jobs/d/1"
    needless = ["plan/segments", "files/1", "analysis/1", "artefact/a", "segments/1/t.nut", "sound", "beside/1.vtt"]
    needless += ["slices/1", "fences/process/1/0001", "hedges/1"]
    telling = ["index", "proof", "source", "traces/process/1"]
    for name in needless + telling:
        store.put(f"{prefix}/{name}", b"x")
    store.put("jobs/d/10/sound", b"of another job")
    assert forget_intermediate(store, prefix) == len(needless)
    assert keys(store) == sorted(f"{prefix}/{name}" for name in telling) + ["jobs/d/10/sound"]
