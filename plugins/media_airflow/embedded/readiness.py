"""Whether a run that is triggered now would be executed."""

from __future__ import annotations

from datetime import datetime

from media_ops.remote.client import AirflowClient, ApiNotFound, ApiUnavailable


def missing_service(client: AirflowClient, since: datetime | None = None) -> str | None:
    """Say in words which service is not ready; None when all are.

    `since` leaves out signs of life that an earlier start left in the database.
    """
    try:
        client.token()
        health = client.get("/api/v2/monitor/health")
    except ApiUnavailable as error:
        return str(error)
    for part in ("scheduler", "dag_processor"):
        state, heard = health[part]["status"], health[part][f"latest_{part}_heartbeat"]
        if state != "healthy" or (since and datetime.fromisoformat(heard) < since):
            return f"nothing was heard of its {part.replace('_', ' ')}"
    return None


def missing_dag(client: AirflowClient, dag_id: str) -> str | None:
    """Say in words why a DAG cannot be triggered; None when it can."""
    try:
        client.dag(dag_id)
    except ApiNotFound:
        errors = client.get("/api/v2/importErrors")["import_errors"]
        return "; ".join(error["stack_trace"] for error in errors) or "no file of its folder defines it"
    except ApiUnavailable as error:
        return str(error)
    return None
