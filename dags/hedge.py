"""The Airflow DAG that computes slow segments a second time."""

from airflow.sdk import get_parsing_context

from media_airflow.hedge import DAG_ID, hedge_dag

if get_parsing_context().dag_id in (None, DAG_ID):  # on a worker: build just the DAG being run
    hedge = hedge_dag()
