"""The DAG `janitor`: each hour, apply the rules of the folder stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator

from media_airflow.lifeline import die_with_supervisor, terminable
from media_airflow.retry import RETRIES, RETRY_DELAY, RETRY_POLICY

if TYPE_CHECKING:
    from airflow.sdk import Context

DAG_ID = "janitor"

_PAGE = """Applies the rules that `media storage init` gave to stores in folders: deletes what is too old, moves what
is to become cheaper, removes what dead writers left. Object stores do that themselves. The task's return value says
what was done; `media storage status` shows what goes next."""


class TidyOperator(BaseOperator):
    """Tidy the stores of `config/storage.yaml`; the return value counts what was done to each."""

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Tidy all of them, then fail with the first error there was."""
        from media_airflow.connection import connected
        from media_ops.errors import from_record
        from media_ops.storage.janitor import tidy
        from media_ops.storage.roles import read_stores

        die_with_supervisor()
        with terminable(), connected():
            done = tidy(read_stores())
        counts = [one.model_dump(mode="json", exclude_defaults=True) for one in done]
        failed = [one.error for one in done if one.error]
        if failed:
            context["ti"].xcom_push("return_value", counts)  # what was done all the same
            for error in failed:
                self.log.error("%s: %s", error["code"], error["message"])
            raise from_record(failed[0])
        return counts


def janitor_dag() -> DAG:
    """Build the DAG."""
    with DAG(
        dag_id=DAG_ID,
        description="Apply the rules of the folder stores.",
        doc_md=_PAGE,
        tags=["media", "storage"],
        schedule="@hourly",
        catchup=False,
        max_active_runs=1,
        default_args={"retries": RETRIES, "retry_delay": RETRY_DELAY, "retry_policy": RETRY_POLICY},
        dagrun_timeout=timedelta(hours=6),
    ) as dag:
        TidyOperator(task_id="tidy")
    return dag
