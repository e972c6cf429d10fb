"""Who tells of progress never waits for who listens."""

from __future__ import annotations

import threading
import time

import pytest

from media_airflow.latest import Latest


def test_only_the_last_is_told_to_who_was_busy() -> None:
    told, free = list[int](), threading.Event()

    def tell(news: int) -> None:
        told.append(news)
        free.wait(10)

    latest = Latest(tell, "the number")
    latest.put(1)
    while not told:
        time.sleep(0.01)
    began = time.monotonic()
    for number in range(2, 1000):
        latest.put(number)
    assert time.monotonic() - began < 1
    free.set()
    latest.close(10)
    assert told == [1, 999]


def test_who_does_not_answer_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    latest: Latest[int] = Latest(lambda news: time.sleep(10), "the number")
    latest.put(1)
    began = time.monotonic()
    latest.close(0.2)
    assert time.monotonic() - began < 2
    assert "the number is not told" in caplog.text


def test_a_failure_is_said_and_the_next_is_told(caplog: pytest.LogCaptureFixture) -> None:
    told = list[int]()

    def tell(news: int) -> None:
        if news == 1:
            raise ConnectionError("nobody there")
        told.append(news)

    latest = Latest(tell, "the number")
    latest.put(1)
    while "nobody there" not in caplog.text:
        time.sleep(0.01)
    latest.put(2)
    latest.close(10)
    assert told == [2]


def test_where_nothing_was_put_nothing_is_begun() -> None:
    latest = Latest(print, "nothing")
    latest.close(1)
    assert not latest._thread.ident
