"""The last task: say how the job ended, and let go of what nobody needs any more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from media_airflow.operators import FOUND_KEY
from media_airflow.task import ERROR_KEY
from media_ops.errors import MediaError, StoreRefused, WorldError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_ops.storage import Store


class NotifyOperator(BaseOperator):
    """Logs the outcome of the tasks in `watched`, the last of which publishes; runs after failures too."""

    def __init__(self, *, watched: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.watched = watched

    def execute(self, context: Context) -> dict[str, Any]:
        """Return `{"outcome", "output", "reused", "figures", "errors", "attempts", "retries"}`.

        Errors are `{"code", "fate", "message"}`; a retry says besides which attempt at what came to nothing. Of a
        ladder there are `outputs`, too.
        """
        ti = context["ti"]
        published = ti.xcom_pull(task_ids=self.watched[-1]) or ti.xcom_pull(task_ids=self.watched[0], key=FOUND_KEY)
        tried = self._attempts(context)
        if published:
            reused, measured = published["reused"], "proof" not in published
            frames = published["frames"] if measured else published["proof"]["frames_out"]
            self.log.info("succeeded: %s is published, %s frames", published["output"], frames)
            if not measured:
                self.log.info("its proof is %s", published["proof_file"])
            self._forget(context)
            told = {"output": published["output"], "reused": reused, "figures": published["job"], "errors": []}
            if published.get("outputs"):  # of a ladder; its `output` is the manifest
                told["outputs"] = published["outputs"]
            return {"outcome": "succeeded", **told, **tried}
        errors = [error for error in ti.xcom_pull(task_ids=self.watched, key=ERROR_KEY) or [] if error]
        for error in errors:
            self.log.error("failed: %s (%s): %s", error["code"], error["fate"], error["message"])
        if not errors:
            self.log.error("failed without a reason of ours: see the logs of the failed tasks")
        elif all(error["fate"] != "world" for error in errors):
            self._forget(context)  # else kept: clearing the failed tasks goes on where they stopped
        return {"outcome": "failed", "output": None, "errors": errors, **tried}

    def _attempts(self, context: Context) -> dict[str, Any]:
        """Count the attempts and tell why some were made again; both None where the traces cannot be read."""
        from media_ops.state.retries import retries
        from media_ops.storage.traces import traces_of

        try:
            with self._store(context) as (store, prefix):
                traces = traces_of(store, prefix)
        except MediaError as error:
            self.log.warning("the job's traces cannot be read: %s", error)
            return {"attempts": None, "retries": None}
        again = retries(traces)
        self.log.info("%s attempts, %s made again", len(traces), len(again))
        for one in again:
            place = one["event"] + (f" {one['order']}" if one["order"] >= 0 else "")
            self.log.info("attempt %s of %s: %s: %s", one["attempt"], place, one["code"], one["message"])
        return {"attempts": len(traces), "retries": again}

    def _forget(self, context: Context) -> None:
        from media_ops.state.clearing import forget_intermediate

        try:
            with self._store(context) as (store, prefix):
                count = forget_intermediate(store, prefix)
        except (WorldError, StoreRefused) as error:  # the job has ended as it has; what is left over costs room only
            self.log.warning("intermediate objects could not be deleted: %s", error)
        else:
            self.log.info("%s intermediate objects deleted", count)

    @contextlib.contextmanager
    def _store(self, context: Context) -> Iterator[tuple[Store, str]]:
        from media_airflow.connection import connected
        from media_airflow.settings import Settings
        from media_ops.state.place import place
        from media_ops.storage import open_store

        with connected():
            store = open_store(Settings.from_environment().store)
            yield store, place(context["dag"].dag_id, context["run_id"])
