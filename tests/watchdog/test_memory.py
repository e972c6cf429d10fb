"""What survives from one look to the next, in the store."""

from __future__ import annotations

import json

from media_airflow.watchdog.memory import Diary, Memory, read_memory, write_memory
from media_airflow.watchdog.rules import Rule
from media_ops.storage.memory import MemoryStore

RULE = Rule(condition="stuck", after_minutes=10, action="retry", times=2)
NOW = 1_000_000.0


def test_it_is_read_as_it_was_written_and_begins_anew_when_it_is_damaged() -> None:
    store = MemoryStore()
    assert read_memory(store) == Memory()
    memory = Memory(last=NOW, gaps=((0, 1),), paces={"a/b": {3: (10, 2.5)}}, hedged={"a/b": [3]})
    write_memory(store, memory)
    assert read_memory(store) == memory
    store.put("watchdog/memory.json", b"{")
    assert read_memory(store) == Memory()
    assert Memory().watched(NOW).age(0) == 0


def test_an_action_is_claimed_so_often_as_its_rule_says_and_no_more() -> None:
    store = MemoryStore()
    claims = [Diary(store, NOW + 600 * number).claim(RULE, "a/b") for number in range(4)]
    assert [claim is not None for claim in claims] == [True, True, False, False]
    assert Diary(store, NOW).claim(RULE, "a/c")
    assert Diary(store, NOW).claim(RULE.model_copy(update={"action": "alarm"}), "a/b")


def test_it_is_not_claimed_again_before_its_time() -> None:
    store = MemoryStore()
    assert Diary(store, NOW).claim(RULE, "a/b")
    assert Diary(store, NOW + 599).claim(RULE, "a/b") is None
    assert Diary(store, NOW + 600).claim(RULE, "a/b")


def test_of_two_who_claim_one_gets_it() -> None:
    store = MemoryStore()
    assert [Diary(store, NOW).claim(RULE, "a/b") is not None for _ in range(2)] == [True, False]


def test_a_claim_that_is_given_back_counts_for_nothing() -> None:
    store = MemoryStore()
    diary = Diary(store, NOW)
    for _ in range(5):
        claim = diary.claim(RULE, "a/b")
        assert claim is not None
        diary.release(claim)


def test_a_days_page_has_a_line_for_everything_that_was_done() -> None:
    store = MemoryStore()
    for number in range(3):
        Diary(store, NOW).note([{"number": number}])
    Diary(store, NOW).note([])
    (page,) = store.list("watchdog/")
    with store.open(page.key) as file:
        lines = file.read().splitlines()
    assert page.key == "watchdog/1970-01-12.jsonl"
    assert [json.loads(line) for line in lines] == [{"number": number} for number in range(3)]
