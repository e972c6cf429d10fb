"""Two attempts at one segment: the first result counts, and the other attempt is stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from media_ops.errors import MediaError

if TYPE_CHECKING:
    from media_ops.model import SegmentResult
    from media_ops.requests import ProcessRequest
    from media_ops.storage import Store
    from media_ops.worker.attempt import Attempt

log = logging.getLogger(__name__)

# Before that nobody starts a copy, and short segments need not pay for the client of an object store (0.2 CPU-s).
PATIENCE = 15.0
EVERY = 2.0


class Race:
    """Ends `attempt` when another's whole record stands under its content key, or when `is_over` says so."""

    def __init__(
        self,
        attempt: Attempt[SegmentResult],
        request: ProcessRequest,
        *,
        patience: float = PATIENCE,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self.lost = False  # another was first
        self.called_off = False
        self.cpu_seconds = 0.0  # of the watching itself, once it is over
        self._attempt, self._request, self._patience, self._is_over = attempt, request, patience, is_over
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="race", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            self._look_on()
        finally:
            self.cpu_seconds = time.thread_time()

    def _look_on(self) -> None:
        pause = self._patience
        while not self._ended.wait(pause):
            pause = EVERY
            try:
                self.called_off = self._is_over()
                self.lost = not self.called_off and self._another_was_first()
            except Exception:  # a store or an API that is away for a moment: the attempt goes on
                log.warning("cannot see whether another attempt was first", exc_info=True)
                continue
            if self.lost or self.called_off:
                self._attempt.kill()
                return

    def _another_was_first(self) -> bool:
        return winner(self._attempt, self._request) not in (None, self._request.trace_id)


def winner(attempt: Attempt[SegmentResult], request: ProcessRequest) -> str | None:
    """Give the trace id of the attempt whose whole record stands where `attempt` would put its own."""
    from media_ops.storage import open_store
    from media_ops.storage.shelf import Shelf

    store = open_store(request.store)
    # A child may be held up before it has said its key. The copy has the same, and tells.
    key = attempt.content_key or _key_of_copy(store, request)
    record = Shelf(store, "segment").find(key) if key else None
    return record.made.get("trace_id") if record else None


def _key_of_copy(store: Store, request: ProcessRequest) -> str:
    place = _mark(request.prefix, request.segment.order)
    if not store.stat(place):
        return ""
    with store.open(place) as file:
        return file.read().decode()


def raced(
    request: ProcessRequest, run: Callable[[Attempt[SegmentResult]], SegmentResult], *, patience: float = PATIENCE
) -> SegmentResult:
    """Run an attempt; if another finishes the segment first, end it and give that one's result."""
    from media_ops.worker.attempt import process_attempt

    attempt = process_attempt(request)
    if request.reuse is None or request.reuse.force:  # nobody's record counts but this one's
        return run(attempt)
    with Race(attempt, request, patience=patience) as race:
        result: SegmentResult | None = None
        try:
            result = run(attempt)
        except MediaError:
            if not race.lost:
                raise
    if result:
        watching = result.metrics.watching_cpu_seconds + race.cpu_seconds
        metrics = result.metrics.model_copy(update={"watching_cpu_seconds": watching})
        return result.model_copy(update={"metrics": metrics})
    log.info("segment %s: another attempt was first", request.segment.order)
    return run(process_attempt(request))


def mark_hedge(store: Store, prefix: str, order: int, key: str = "") -> None:
    """Note that a segment of a job was started a second time, and its content key once that is known."""
    store.put(_mark(prefix, order), key.encode())


def _mark(prefix: str, order: int) -> str:
    return f"{prefix}/hedges/{order:05d}"


def count_hedges(store: str, prefix: str) -> int:
    """Give how many were."""
    from media_ops.storage import open_store

    return len(open_store(store).list(f"{prefix}/hedges/"))
