"""The Airflow DAG that applies the rules of the folder stores each hour."""

from airflow.sdk import get_parsing_context

from media_airflow.janitor import DAG_ID, janitor_dag

if get_parsing_context().dag_id in (None, DAG_ID):  # on a worker: build just the DAG being run
    janitor = janitor_dag()
