"""media-ops on Apache Airflow: operators, the DAG factory, the embedded mode."""
