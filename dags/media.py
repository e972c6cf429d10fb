"""One Airflow DAG per algorithm in `media_ops/algorithms/`."""

from airflow.sdk import get_parsing_context

from media_airflow.dag import media_dag
from media_ops.registry import all_algorithms

only = get_parsing_context().dag_id  # on a worker: build just the DAG being run

for name, algorithm in all_algorithms().items():
    if only in (None, name):
        globals()[name] = media_dag(algorithm)
