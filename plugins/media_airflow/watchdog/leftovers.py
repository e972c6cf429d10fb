"""Intermediate objects of a job that nobody needs any more."""

from __future__ import annotations

from media_ops.state.clearing import INTERMEDIATE, clear_job
from media_ops.storage import Store

__all__ = ["clear_job", "has_leftovers"]


def has_leftovers(store: Store, prefix: str) -> bool:
    """Whether there is any."""
    return any(store.list(f"{prefix}/{kind}", limit=1) for kind in INTERMEDIATE)
