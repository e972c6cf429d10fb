"""Tell somebody who may not answer: in a thread of its own, and only what is known last."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


class Latest(Generic[T]):
    """Calls `tell` with what was put last; whoever puts never waits, and nothing about it fails the work."""

    def __init__(self, tell: Callable[[T], None], what: str) -> None:
        self._tell, self._what = tell, what
        self._latest: T | None = None
        self._closed = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=what, daemon=True)

    def put(self, news: T) -> None:
        """Have this told, in the place of what is not told yet."""
        with self._news:
            self._latest = news
            self._news.notify()
        if not self._thread.ident:
            self._thread.start()

    def close(self, patience: float) -> None:
        """Wait for so many seconds until the last is told."""
        with self._news:
            self._closed = True
            self._news.notify()
        if self._thread.ident:
            self._thread.join(patience)
        if self._thread.is_alive():
            log.warning("%s is not told after %g s: nobody answers", self._what, patience)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._latest is not None or self._closed)
                news, self._latest = self._latest, None
            if news is None:
                return
            try:
                self._tell(news)
            except Exception as error:
                log.warning("%s cannot be told; the work goes on without it: %s", self._what, error)
