"""Of several attempts at one piece of work the last that has begun may publish, and no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from media_ops.errors import Superseded
from media_ops.requests import Fence
from media_ops.storage import Store
from media_ops.storage.fence import check, take
from tests.storage.conftest import MakeStore


@pytest.fixture
def store(make: MakeStore) -> Store:
    return make()


def fence(attempt: int, place: str = "job/fences/process/00003", trace_id: str = "") -> Fence:
    return Fence(place=place, attempt=attempt, trace_id=trace_id or f"trace {attempt}")


def test_an_attempt_that_was_given_up_notices(store: Store) -> None:
    first, second = fence(1), fence(2)
    take(store, first)
    check(store, first)
    take(store, second)
    with pytest.raises(Superseded, match="attempt 1 was given up, and attempt 2 has begun"):
        check(store, first)
    check(store, second)


def test_one_that_begins_late_does_not_begin(store: Store) -> None:
    take(store, fence(10))
    with pytest.raises(Superseded, match="attempt 10 has begun"):
        take(store, fence(9))
    check(store, fence(10))


def test_a_number_is_taken_once(store: Store) -> None:
    def try_one(number: int) -> bool:
        try:
            take(store, fence(1, trace_id=str(number)))
        except Superseded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_one, range(8))) == 1


def test_one_whose_job_has_ended_notices(store: Store) -> None:
    take(store, fence(1))
    store.delete(store.list()[0].key)
    with pytest.raises(Superseded, match="its job has ended"):
        check(store, fence(1))


def test_an_attempt_that_does_its_work_in_two_goes_keeps_its_number(store: Store) -> None:
    for _ in range(2):
        take(store, fence(1))
    take(store, fence(2))
    with pytest.raises(Superseded):
        take(store, fence(1))


def test_other_work_is_none_of_its_business(store: Store) -> None:
    take(store, fence(1))
    take(store, fence(7, "job/fences/process/00004"))
    take(store, fence(7, "job/fences/process/000030"))
    check(store, fence(1))


def test_where_there_can_be_no_other_nothing_is_asked(store: Store) -> None:
    take(store, None)
    check(store, None)
    assert store.list() == []
