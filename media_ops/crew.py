"""The attempts of one local job: so many at a time, tried again where that may help, all ended together."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from media_ops.errors import DamagedMedia, ToolMissing, WorldError
from media_ops.model import Noun
from media_ops.settings import Settings
from media_ops.worker.attempt import Attempt

R = TypeVar("R", bound=Noun)
Stage = Literal["probe", "analyse", "conclude", "process", "audio", "merge", "slice", "witness", "measure", "report"]


@dataclass(frozen=True)
class Event:
    """Something happened to a stage; `order` is the segment's, None where the stage has none."""

    stage: Stage
    state: Literal["planned", "started", "progress", "finished", "retried", "failed"]
    order: int | None = None
    done: int = 0
    total: int | None = None
    message: str = ""


class Stopped(Exception):
    """The crew was told to stop before this piece of work ended."""


class Crew:
    """Runs attempts in threads. Leaving it, however that happens, kills every child and waits for the threads."""

    def __init__(self, workers: int, on_event: Callable[[Event], None] | None = None) -> None:
        self.workers = workers
        self._settings = Settings()
        self._on_event = on_event
        self._telling = threading.Lock()
        self._stopping = threading.Event()
        self._running: set[Attempt[Any]] = set()
        self._begun: list[Future[Any]] = []
        self._pool = ThreadPoolExecutor(workers, "process")
        self._beside = ThreadPoolExecutor(1, "beside")

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def do(self, stage: Stage, make: Callable[[], Attempt[R]], order: int | None = None) -> R:
        """Run a piece of work in the calling thread; `make` gives a fresh attempt for each try."""
        self.tell(Event(stage, "started", order))
        try:
            result = self._try_often(stage, make, order)
        except BaseException as error:
            self.tell(Event(stage, "failed", order, message=str(error)))
            raise
        self.tell(Event(stage, "finished", order))
        return result

    def begin(self, stage: Stage, make: Callable[[], Attempt[R]], order: int | None = None) -> Future[R]:
        """Run a piece of work in a thread: segments in the pool, anything else beside it."""
        pool = self._beside if order is None else self._pool
        future = pool.submit(self.do, stage, make, order)
        self._begun.append(future)
        return future

    def wait(self) -> None:
        """Wait for all that was begun; the first failure ends the others at once and is raised.

        Where the source is damaged, what was begun before is waited for: the first bad time is what counts.
        """
        place = _first_failure(self._begun)
        while place is not None:
            error = self._begun[place].exception()
            earlier = _first_failure(self._begun[:place]) if isinstance(error, DamagedMedia) else None
            if earlier is None and error:
                self.stop()
                raise error
            place = earlier

    def halt(self) -> None:
        """Kill every child and let no other begin, from any thread: whoever works with this crew sees `Stopped`."""
        self._stopping.set()
        while self._running:  # again and again: one may be starting its child just now
            for attempt in list(self._running):
                attempt.kill()
            time.sleep(0.01)

    def stop(self) -> None:
        """Kill every child and return when no thread is left."""
        self._stopping.set()
        for pool in (self._pool, self._beside):
            pool.shutdown(wait=False, cancel_futures=True)
        self.halt()
        for pool in (self._pool, self._beside):
            pool.shutdown()

    def tell(self, event: Event) -> None:
        """Pass an event on, one at a time; nothing is told once the crew stops."""
        with self._telling:
            if self._on_event and not self._stopping.is_set():
                self._on_event(event)

    def _try_often(self, stage: Stage, make: Callable[[], Attempt[R]], order: int | None) -> R:
        tries = 0
        while True:
            tries += 1
            try:
                with self._registered(make()) as attempt:
                    return attempt.run(lambda p: self.tell(Event(stage, "progress", order, p.done, p.total)))
            except WorldError as error:
                if self._stopping.is_set():
                    raise Stopped from error
                if isinstance(error, ToolMissing) or tries >= self._settings.tries:
                    raise
                self.tell(Event(stage, "retried", order, message=str(error)))
            if self._stopping.wait(self._settings.retry_delay):
                raise Stopped

    @contextlib.contextmanager
    def _registered(self, attempt: Attempt[R]) -> Iterator[Attempt[R]]:
        self._running.add(attempt)
        try:
            if self._stopping.is_set():
                raise Stopped
            yield attempt
        finally:
            self._running.discard(attempt)


def _first_failure(futures: list[Future[Any]]) -> int | None:
    """Wait until one fails or all have ended; give the place of the first that failed, None if none did."""
    done, _ = wait(futures, return_when=FIRST_EXCEPTION)
    return next((place for place, future in enumerate(futures) if future in done and future.exception()), None)
