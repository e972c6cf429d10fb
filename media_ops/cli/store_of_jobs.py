"""The store in which jobs leave their traces, as the commands find it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from media_ops.storage import Store
    from media_ops.storage.traces import Trace


def store_of_jobs() -> Store:
    """Open the store of segments that the settings say, or else that of the embedded Airflow of `login.json`."""
    from media_ops.remote.login import Login, kept_login
    from media_ops.storage import open_store
    from media_ops.storage.roles import HOME_VARIABLE, read_stores

    said = Login()
    kept = {} if os.environ.get(HOME_VARIABLE) else kept_login(said)
    if kept.get("store") and said.url in ("", kept.get("url")):  # another Airflow has another store
        os.environ[HOME_VARIABLE] = kept["store"]
    return open_store(read_stores().segment.store)


def reader_of_traces(dag_id: str, job: str) -> tuple[Store | None, Callable[[], list[Trace]] | None]:
    """Give the store and what reads the job's traces; neither where there is no such store."""
    from media_ops.errors import MediaError
    from media_ops.state.place import place
    from media_ops.storage.traces import TraceReader

    prefix = place(dag_id, job)
    try:
        store = store_of_jobs()
        store.list(prefix, limit=1)
    except (MediaError, OSError):
        return None, None
    return store, TraceReader(store, prefix).read
