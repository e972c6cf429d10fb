"""The DAG `incoming`: look for new objects, start a run for each, remember them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, BaseOperator, TriggerRule
from airflow.sdk.exceptions import AirflowSkipException

from media_airflow.lifeline import die_with_supervisor, terminable
from media_airflow.retry import RETRIES, RETRY_DELAY, RETRY_POLICY

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_airflow.incoming.rules import Incoming

DAG_ID = "incoming"
_FOUND = "found"

_PAGE = """Starts a run for each object that was handed in, as `config/incoming.yaml` says. `look` finds new objects
and versions, `start` starts their runs (one that is there already is skipped), `remember` notes them once all are
started."""


class LookOperator(BaseOperator):
    """Find what is new; the return value is what `start` is mapped over. Skipped where there is nothing."""

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Look at all rules."""
        from media_airflow.connection import connected
        from media_airflow.incoming.arrivals import arrivals, source_of
        from media_airflow.incoming.rules import read_incoming
        from media_airflow.settings import Settings
        from media_ops.storage import open_store
        from media_ops.storage.roles import read_stores

        die_with_supervisor()
        with terminable(), connected():
            incoming, place = read_incoming(), read_stores().source.store
            sources, memory = open_store(place), open_store(Settings.from_environment().results)
            runs, found = [], []
            for one in arrivals(incoming.rules, sources, memory, incoming.most):
                if source := source_of(sources, place, one.stat.key):
                    conf = one.rule.conf(source, one.stat.key)
                    start = {"trigger_dag_id": one.rule.algorithm, "trigger_run_id": one.run_id(place), "conf": conf}
                    runs.append(start)
                    found.append([one.rule.name, one.stat.key, one.stat.version])
        if not runs:
            raise AirflowSkipException("nothing new")
        context["ti"].xcom_push(_FOUND, found)
        self.log.info("%s new objects", len(runs))
        return runs


class StartOperator(TriggerDagRunOperator):
    """Start the run of one object. Its key is text: Airflow's own operator takes it for a template and runs it."""

    template_fields = ("trigger_dag_id", "trigger_run_id")


class RememberOperator(BaseOperator):
    """Note what was started."""

    def execute(self, context: Context) -> int:
        """Return how many there were."""
        from media_airflow.connection import connected
        from media_airflow.incoming.arrivals import remember
        from media_airflow.settings import Settings
        from media_ops.storage import open_store

        die_with_supervisor()
        found = context["ti"].xcom_pull(task_ids="look", key=_FOUND)
        with terminable(), connected():
            remember(open_store(Settings.from_environment().results), [(rule, key, to) for rule, key, to in found])
        return len(found)


def incoming_dag(incoming: Incoming) -> DAG:
    """Build the DAG; it is for whoever has rules."""
    with DAG(
        dag_id=DAG_ID,
        description="Start jobs for what is handed in.",
        doc_md=_PAGE,
        tags=["media", "storage"],
        schedule=incoming.schedule,
        catchup=False,
        max_active_runs=1,
        default_args={"retries": RETRIES, "retry_delay": RETRY_DELAY, "retry_policy": RETRY_POLICY},
        dagrun_timeout=timedelta(hours=1),
    ) as dag:
        look = LookOperator(task_id="look")
        start = StartOperator.partial(
            task_id="start",
            # Not "now": of two runs at one microsecond the second would pass for one that is there.
            logical_date=None,
            skip_when_already_exists=True,
            map_index_template="{{ task.trigger_run_id }}",
        ).expand_kwargs(look.output)
        # What was not started is found again; what was started is there, and is skipped then.
        rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
        [look, start] >> RememberOperator(task_id="remember", trigger_rule=rule)
    return dag
