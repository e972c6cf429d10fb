"""What attempts left is read back, whatever else lies there."""

from __future__ import annotations

from media_ops.storage.memory import MemoryStore
from media_ops.storage.traces import Trace, keep_trace, traces_of


def test_the_last_state_of_each_attempt_is_given_by_time() -> None:
    store = MemoryStore()
    first = Trace(trace_id="b", job_id="job 1", dag_id="x", event="process", order=3, started=2.0)
    other = Trace(trace_id="a", job_id="job 1", dag_id="x", event="process", order=3, attempt=2, started=5.0)
    probe = Trace(trace_id="c", job_id="job 1", dag_id="x", event="probe", started=1.0)
    for trace in (other, first, probe):
        keep_trace(store, "jobs/x/1", trace)
    keep_trace(store, "jobs/x/10", probe)
    ended = first.model_copy(update={"ended": 4.0, "outcome": "failed"})
    keep_trace(store, "jobs/x/1", ended)
    store.put("jobs/x/1/traces/process/zzz.json", b"{")
    assert traces_of(store, "jobs/x/1") == [probe, ended, other]
    assert (first.event_id, first.segment_id, probe.segment_id) == ("job 1_process", "job 1_process_3", None)


def test_a_job_of_many_segments_is_read_page_by_page() -> None:
    store = MemoryStore()
    for order in range(1100):
        keep_trace(
            store, "job", Trace(trace_id="t", job_id="j", dag_id="x", event="process", order=order, started=order)
        )
    assert [trace.order for trace in traces_of(store, "job")] == list(range(1100))
