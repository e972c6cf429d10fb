"""The DAG `watchdog`: each minute, look at all jobs."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from media_airflow.lifeline import die_with_supervisor, terminable
from media_airflow.watchdog.watched import GAP

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_airflow.settings import Settings
    from media_airflow.watchdog.rules import Watchdog
    from media_ops.remote.client import AirflowClient
    from media_ops.storage import Store

DAG_ID = "watchdog"
# A pool and a queue of its own, where there are such: it must not wait for the tasks that it looks after.
POOL_VARIABLE = "MEDIA_OPS_WATCHDOG_POOL"
QUEUE_VARIABLE = "MEDIA_OPS_WATCHDOG_QUEUE"
_NO_LOGIN = "watchdog/no-login"  # said once

_PAGE = """Looks each minute at the runs of all DAGs with the tag `media`: those past their deadline, those of which
nothing moves, those whose process is gone, those that ended and told nobody, those that left something behind; and at
segments that lag behind their siblings. `config/watchdog.yaml` says what is done then. The return value of the task
says what was done, and so do a note on each run and `watchdog/DATE.jsonl` in the store of results."""


class WatchOperator(BaseOperator):
    """Look once; the return value lists what was done."""

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Look, act, remember."""
        from media_airflow.connection import connected
        from media_airflow.settings import Settings
        from media_airflow.watchdog.rules import read_watchdog
        from media_ops.errors import ToolMissing
        from media_ops.remote.login import connect
        from media_ops.storage import open_store

        die_with_supervisor()
        with terminable(), connected():
            settings = Settings.from_environment()
            results = open_store(settings.results)
            try:
                client = connect()
            except ToolMissing as error:
                if not results.put_if_absent(_NO_LOGIN, str(error).encode()):
                    raise AirflowSkipException(f"nothing is watched: {error}") from None
                raise
            with client:
                return watch(client, read_watchdog(), settings, results, time.time())


def watch(
    client: AirflowClient, config: Watchdog, settings: Settings, results: Store, now: float
) -> list[dict[str, Any]]:
    """Look once at the Airflow behind `client`; give what was done."""
    from media_airflow.watchdog.acting import Acting
    from media_airflow.watchdog.asking import Asking
    from media_airflow.watchdog.memory import Diary, read_memory, write_memory
    from media_airflow.watchdog.round import Round
    from media_ops.storage import open_store

    memory = read_memory(results)
    if memory.last is None or now - memory.last > GAP:
        results.delete(_NO_LOGIN)
    asking, diary = Asking(client), Diary(results, now)
    acting = Acting(asking, diary, now)
    look = Round(config, asking, acting, memory, now)
    try:
        look.look(lambda: open_store(settings.store), settings.workers)
        write_memory(results, look.memory)
    finally:
        diary.note(acting.done)
    return acting.done


def watchdog_dag() -> DAG:
    """Build the DAG."""
    with DAG(
        dag_id=DAG_ID,
        description="Look after the jobs: each minute.",
        doc_md=_PAGE,
        tags=["operations"],
        schedule="* * * * *",
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(minutes=5),
        # The next minute is the retry.
        default_args={"retries": 0, "execution_timeout": timedelta(minutes=2)},
    ) as dag:
        own: dict[str, Any] = {"pool": os.environ.get(POOL_VARIABLE), "queue": os.environ.get(QUEUE_VARIABLE)}
        WatchOperator(
            task_id="watch",
            priority_weight=1000,
            weight_rule="absolute",
            **{name: value for name, value in own.items() if value},
        )
    return dag
