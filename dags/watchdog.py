"""The Airflow DAG that looks after the jobs each minute."""

from airflow.sdk import get_parsing_context

from media_airflow.watchdog.dag import DAG_ID, watchdog_dag

if get_parsing_context().dag_id in (None, DAG_ID):  # on a worker: build just the DAG being run
    watchdog = watchdog_dag()
