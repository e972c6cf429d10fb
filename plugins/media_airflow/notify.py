"""The last task: say how the job ended, and let go of what nobody needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from media_airflow.operators import FOUND_KEY
from media_airflow.task import ERROR_KEY
from media_ops.errors import StoreRefused, WorldError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_ops.storage import Store


# Index, source, proof and traces stay: they tell of the job and of what it cost. So do the tasks' results, which
# Airflow keeps.
_INTERMEDIATE = ("plan/", "files/", "analysis/", "artefact/", "segments/", "hedges/", "sound", "beside/", "slices/")


class NotifyOperator(BaseOperator):
    """Logs the outcome of the tasks in `watched`, the last of which publishes; runs after failures too."""

    def __init__(self, *, watched: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.watched = watched

    def execute(self, context: Context) -> dict[str, Any]:
        """Return `{"outcome", "output", "reused", "figures", "errors"}`, errors as `{"code", "fate", "message"}`."""
        ti = context["ti"]
        published = ti.xcom_pull(task_ids=self.watched[-1]) or ti.xcom_pull(task_ids=self.watched[0], key=FOUND_KEY)
        if published:
            proof, reused = published["proof"], published["reused"]
            self.log.info("succeeded: %s is published, %s frames", published["output"], proof["frames_out"])
            self.log.info("its proof is %s", published["proof_file"])
            self._forget(context)
            told = {"output": published["output"], "reused": reused, "figures": published["job"], "errors": []}
            return {"outcome": "succeeded", **told}
        errors = [error for error in ti.xcom_pull(task_ids=self.watched, key=ERROR_KEY) or [] if error]
        for error in errors:
            self.log.error("failed: %s (%s): %s", error["code"], error["fate"], error["message"])
        if not errors:
            self.log.error("failed without a reason of ours: see the logs of the failed tasks")
        elif all(error["fate"] != "world" for error in errors):
            self._forget(context)  # else kept: clearing the failed tasks goes on where they stopped
        return {"outcome": "failed", "output": None, "errors": errors}

    def _forget(self, context: Context) -> None:
        from media_airflow.connection import connected
        from media_airflow.job import place
        from media_airflow.settings import Settings
        from media_ops.storage import open_store

        prefix = place(context["dag"].dag_id, context["run_id"])
        try:
            with connected():
                store = open_store(Settings.from_environment().store)
                count = sum(forget(store, f"{prefix}/{kind}") for kind in _INTERMEDIATE)
        except (WorldError, StoreRefused) as error:  # the job has ended as it has; what is left over costs room only
            self.log.warning("intermediate objects could not be deleted: %s", error)
        else:
            self.log.info("%s intermediate objects deleted", count)


def forget(store: Store, prefix: str) -> int:
    """Delete every object below `prefix`; give their number."""
    count = 0
    while batch := store.list(prefix):
        for found in batch:
            store.delete(found.key)
        count += len(batch)
    return count
