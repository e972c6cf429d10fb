"""DAG runs in this process, as in tests/dags."""

from __future__ import annotations

from tests.dags.conftest import airflow_home, dags, database, place

__all__ = ["airflow_home", "dags", "database", "place"]
