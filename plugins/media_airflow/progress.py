"""Progress of a running attempt, where a user can read it: in Airflow's task state store."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from media_airflow.latest import Latest

if TYPE_CHECKING:
    from media_ops.worker.attempt import Progress

log = logging.getLogger(__name__)

KEY = "progress"
PATIENCE = 2.0  # seconds that the end of an attempt waits for a word on its way
AFTER_FAILURE = 10.0  # seconds more until it is tried again
INTERVAL = 1.0  # seconds; each report is a round trip to the API server


class ProgressReporter:
    """Writes `{"done", "total", "elapsed"}` at most once a second; a failure to write never fails the work.

    `attempt` is told with it: the store keeps what an earlier try wrote.
    """

    def __init__(
        self, store: Any, clock: Callable[[], float] = time.monotonic, *, attempt: int | None = None
    ) -> None:
        self._store = store
        self._said = {} if attempt is None else {"attempt": attempt}
        self._clock = clock
        self._started = clock()
        self._written: float | None = None
        self._pending: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        self._pending = progress
        if self._written is None or self._clock() - self._written >= INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        progress, self._pending = self._pending, None
        if progress is None or self._store is None:
            return
        elapsed = round(self._clock() - self._started, 1)
        try:
            known = {"done": progress.done, "total": progress.total, "elapsed": elapsed}
            self._store.set(KEY, known | self._said)
        except Exception:
            log.warning("progress cannot be written; the work goes on without it", exc_info=True)
            self._written = self._clock() + AFTER_FAILURE
        else:
            self._written = self._clock()


@contextlib.contextmanager
def reported(context: Any, also: Callable[[Progress], None] | None = None) -> Iterator[Callable[[Progress], None]]:
    """Give a reporter for the running task whose last word is written when the work succeeded; `also` hears all."""
    reporter = ProgressReporter(context.get("task_state_store"), attempt=context["ti"].try_number)

    told: Latest[Progress] = Latest(reporter, "progress")

    def report(progress: Progress) -> None:
        if also:
            also(progress)
        # Not here: who reads the child's words must not wait for an API server that is away.
        told.put(progress)

    try:
        yield report
    finally:
        told.close(PATIENCE)
    reporter.flush()
