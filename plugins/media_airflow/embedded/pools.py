"""Who may use how many slots of the executor."""

from __future__ import annotations

from media_airflow.embedded.environment import WATCHDOG_POOL
from media_ops.remote.client import AirflowClient, RunExists


def share_slots(client: AirflowClient, slots: int) -> None:
    """Give one slot to the watchdog, which must not wait for what it looks after, the others to all else."""
    client.patch("/api/v2/pools/default_pool?update_mask=slots", {"slots": slots})
    try:
        client.post("/api/v2/pools", {"name": WATCHDOG_POOL, "slots": 1, "description": "The DAG watchdog."})
    except RunExists:  # 409: it is there
        return
