"""Two thousand segments without work: what Airflow does for them runs through, and its scheduler does not grow."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from media_airflow.embedded import EmbeddedAirflow
from media_ops.state.place import place
from media_ops.storage import open_store
from media_ops.storage.traces import traces_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(3600)]

SEGMENTS = int(os.environ.get("MANY_SEGMENTS") or 2000)
# Of the scheduler's own memory, between the first tenth and the end.
MOST_GROWTH = 1.2
DAG = f"""
from airflow.sdk import DAG
from media_airflow.params import form
from media_airflow.retry import RETRIES, RETRY_DELAY, RETRY_POLICY
from media_airflow.task import JobTask
from media_ops.registry import get

class Plan(JobTask):
    def work(self, job, context):
        return [{{"order": order, "label": f"segment {{order}}"}} for order in range({SEGMENTS})]

class Stub(JobTask):
    def __init__(self, *, segment, **kwargs):
        super().__init__(**kwargs)
        self.segment = segment

    template_fields = ("segment",)

    def work(self, job, context):
        return {{"order": self.segment["order"], "trace_id": self.trace_id, "what": "x" * 1000}}

class Count(JobTask):
    def __init__(self, *, results, **kwargs):
        super().__init__(**kwargs)
        self.results = results

    template_fields = ("results",)

    def work(self, job, context):
        return len({{result["order"] for result in self.results[:]}})

args = {{"retries": RETRIES, "retry_delay": RETRY_DELAY, "retry_policy": RETRY_POLICY}}
with DAG("many", schedule=None, params=form(get("transcode_h264")), max_active_tasks=64, default_args=args):
    plan = Plan(task_id="cut", algorithm="transcode_h264")
    stub = Stub.partial(
        task_id="process", algorithm="transcode_h264", map_index_template="{{{{ task.segment['label'] }}}}"
    ).expand(segment=plan.output)
    Count(task_id="merge", algorithm="transcode_h264", results=stub.output)
"""


@pytest.fixture
def airflow(tmp_path: Path) -> Iterator[EmbeddedAirflow]:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "many.py").write_text(DAG)
    with EmbeddedAirflow(
        tmp_path / "home",
        dags_folder=tmp_path / "dags",
        allowed_roots=[tmp_path],
        parallelism=4,
        store=str(tmp_path / "stores"),
    ) as instance:
        instance.wait_for_dag("many")
        yield instance
    instance.drop_database()


def test_they_run_through(airflow: EmbeddedAirflow, tmp_path: Path) -> None:
    scheduler = psutil.Process(airflow.services()["scheduler"][1])
    seen: list[int] = []
    began = time.monotonic()
    with airflow.client() as client:
        client.trigger("many", {"source": str(tmp_path / "none.mp4")}, run_id="one")
        while client.run("many", "one")["state"] not in ("success", "failed"):
            seen.append(scheduler.memory_info().rss)
            time.sleep(2)
        seconds = time.monotonic() - began
        assert client.run("many", "one")["state"] == "success"
        count = client.get("/api/v2/dags/many/dagRuns/one/taskInstances/merge/xcomEntries/return_value")["value"]
    assert int(count) == SEGMENTS
    assert scheduler.is_running(), "it was not started again"
    early = max(seen[: max(1, len(seen) // 10)])
    print(f"\n{SEGMENTS} segments in {seconds:.0f} s; scheduler {early >> 20} MB, then at most {max(seen) >> 20} MB")
    assert max(seen) <= MOST_GROWTH * early
    traces = traces_of(open_store(str(tmp_path / "stores" / "media-segment")), place("many", "one"))
    assert sorted(one.order for one in traces if one.event == "process") == list(range(SEGMENTS))
    assert {one.attempt for one in traces} == {1}
