"""Find a job by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from media_ops.errors import ParamsInvalid

if TYPE_CHECKING:
    from media_ops.remote.client import AirflowClient


def find_run(client: AirflowClient, job: str, dag_id: str | None = None) -> dict[str, Any]:
    """Give the run, or raise `ParamsInvalid` where there is none or where several DAGs have one of that name."""
    from media_ops.remote.client import ApiNotFound

    if dag_id:
        try:
            return client.run(dag_id, job)
        except ApiNotFound:
            raise ParamsInvalid(f"there is no job {job!r} of {dag_id}") from None
    found = client.runs_named(job)
    if not found:
        raise ParamsInvalid(f"there is no job {job!r}")
    if len(found) > 1:
        dags = ", ".join(sorted(run["dag_id"] for run in found))
        raise ParamsInvalid(f"there are {len(found)} jobs {job!r}: say which by --dag, one of {dags}")
    return found[0]
