"""The Airflow DAG that starts jobs for what is handed in; there is none without rules in `config/incoming.yaml`."""

from airflow.sdk import get_parsing_context

from media_airflow.incoming.dag import DAG_ID, incoming_dag
from media_airflow.incoming.rules import read_incoming

if get_parsing_context().dag_id in (None, DAG_ID) and (rules := read_incoming()).rules:
    incoming = incoming_dag(rules)
