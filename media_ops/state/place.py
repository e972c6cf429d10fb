"""Where a job keeps its objects."""

from __future__ import annotations

from urllib.parse import quote


def place(dag_id: str, run_id: str) -> str:
    """Give the prefix of a job's objects in the store; different runs have different places."""
    name = quote(run_id, safe=":+~")
    return f"jobs/{dag_id}/{name if name.strip('.') else name.replace('.', '%2E')}"
