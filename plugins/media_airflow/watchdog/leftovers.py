"""Intermediate objects of a job that nobody needs any more."""

from __future__ import annotations

from media_airflow.notify import _INTERMEDIATE, forget
from media_ops.storage import Store


def has_leftovers(store: Store, prefix: str) -> bool:
    """Whether there is any."""
    return any(store.list(f"{prefix}/{kind}", limit=1) for kind in _INTERMEDIATE)


def clear_job(store: Store, prefix: str) -> int:
    """Delete them; give their number."""
    return sum(forget(store, f"{prefix}/{kind}") for kind in _INTERMEDIATE)
