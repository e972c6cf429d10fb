"""The DAG `incoming`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from media_airflow.incoming import arrivals as looking
from media_airflow.incoming.arrivals import Arrival, arrivals, remember
from media_airflow.incoming.rules import FILE_VARIABLE, Rule, read_incoming
from media_airflow.incoming.seen import read_seen
from media_ops.errors import ParamsInvalid
from media_ops.storage import Store, open_store
from media_ops.storage.folder import FolderStore
from media_ops.storage.memory import MemoryStore
from tests.dags.conftest import REPOSITORY, Place
from tests.storage.conftest import bucket as bucket
from tests.storage.conftest import server as server

RULE = {"name": "films", "prefix": "in/", "algorithm": "transcode_h264", "output": "/films/{stem}.mp4"}
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Give what writes the file, with one rule changed a bit."""
    import yaml

    def write(most: int = 20, **changed: Any) -> None:
        file = tmp_path / "incoming.yaml"
        file.write_text(yaml.safe_dump({"most": most, "rules": [RULE | changed]}))
        monkeypatch.setenv(FILE_VARIABLE, str(file))

    return write


def rule(**changed: Any) -> Rule:
    return Rule.model_validate(RULE | changed)


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.s3)])
def sources(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(looking, "QUIET", looking.QUIET * 0)
    if request.param == "s3":
        monkeypatch.setattr(looking, "PAGE", 7)
        store: Store = request.getfixturevalue("bucket")
        return store
    return MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "sources")


def keys(found: list[Arrival]) -> list[str]:
    return [one.stat.key for one in found]


def start(memory: Store, found: list[Arrival]) -> None:
    remember(memory, [(one.rule.name, one.stat.key, one.stat.version) for one in found])


def test_the_repository_has_no_rules_and_no_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    assert read_incoming().rules == ()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"algorithm": "nothing"}, "there is no algorithm 'nothing'"),
        ({"params": {"crf": "much"}}, "crf"),
        ({"params": {"colour": 1}}, "unknown parameter 'colour'"),
        ({"params": {"segments": 0}}, "segments"),
        ({"params": {"source": "/x"}}, "source and output are not among them"),
        ({"output": "/films/{year}.mp4"}, "in braces stands one of key, folder, name, stem"),
        ({"output": "/films/{stem}}.mp4"}, "in braces stands one of"),
        ({"name": "A film"}, "name"),
        ({"when": "now"}, "when"),
    ],
)
def test_a_rule_that_no_job_could_follow_is_refused(write: Write, changed: dict[str, Any], words: str) -> None:
    write(**changed)
    with pytest.raises(ParamsInvalid, match=r"incoming\.yaml") as refused:
        read_incoming()
    assert words in str(refused.value)


def test_a_rule_chooses_keys_and_names_outputs() -> None:
    chosen = rule(pattern="*.mov", output="/films/{folder}{stem} of {name}, {key}.mp4", params={"crf": 30})
    assert [key for key in ("in/a.mov", "in/b/c.mov", "in/a.mp4", "a.mov", "in/A.MOV") if chosen.fits(key)] == [
        "in/a.mov",
        "in/b/c.mov",
    ]
    assert chosen.conf("s3://b/in/b/{c}.mov", "in/b/{c}.mov") == {
        "crf": 30,
        "source": "s3://b/in/b/{c}.mov",
        "output": "/films/b/{c} of {c}.mov, b/{c}.mov.mp4",
    }


def test_each_object_is_new_once_and_again_when_overwritten(sources: Store) -> None:
    memory = MemoryStore()
    for key in ("in/b", "in/a", "elsewhere/c"):
        sources.put(key, b"1")
    sources.put("in/empty", b"")
    first = arrivals([rule()], sources, memory, 20)
    assert sorted(keys(first)) == ["in/a", "in/b"]
    assert arrivals([rule()], sources, memory, 20) == first, "what was not started is found again"
    start(memory, first)
    assert arrivals([rule()], sources, memory, 20) == []
    sources.put("in/a", b"another")
    again = arrivals([rule()], sources, memory, 20)
    assert keys(again) == ["in/a"]
    old = next(one for one in first if one.stat.key == "in/a")
    assert old.run_id("x") == old.run_id("x") != again[0].run_id("x")
    start(memory, again)
    sources.delete("in/b")
    assert arrivals([rule()], sources, memory, 20) == []
    assert (read_seen(memory, "films") or {}).keys() == {"in/a"}


def test_many_come_in_turns_the_oldest_first(sources: Store) -> None:
    memory = MemoryStore()
    for number in range(20):
        sources.put(f"in/{(number * 7) % 20:02d}", b"x")
    turns = []
    while found := arrivals([rule()], sources, memory, 6):
        turns.append([(one.stat.modified, one.stat.key) for one in found])
        start(memory, found)
    assert [len(turn) for turn in turns] == [6, 6, 6, 2]
    flat = [one for turn in turns for one in turn]
    assert flat == sorted(flat)
    assert len({key for _, key in flat}) == 20


def test_more_than_a_page_is_looked_at() -> None:
    sources, memory = MemoryStore(), MemoryStore()
    for number in range(2100):
        sources.put(f"in/{number}", b"x")
    found = arrivals([rule()], sources, memory, 5000)
    assert len(found) == 2100
    start(memory, found)
    sources.put("in/zzz", b"x")
    assert keys(arrivals([rule()], sources, memory, 5000)) == ["in/zzz"]


def test_what_was_there_before_starts_nothing_where_the_rule_says_so() -> None:
    sources, memory = MemoryStore(), MemoryStore()
    sources.put("in/old", b"x")
    assert arrivals([rule(existing=False)], sources, memory, 20) == []
    sources.put("in/new", b"x")
    assert keys(arrivals([rule(existing=False)], sources, memory, 20)) == ["in/new"]


def test_a_broken_memory_is_taken_for_an_empty_one() -> None:
    sources, memory = MemoryStore(), MemoryStore()
    sources.put("in/a", b"x")
    memory.put("incoming/films.json.gz", b"broken")
    assert keys(arrivals([rule(existing=False)], sources, memory, 20)) == ["in/a"]


def test_a_file_that_grows_in_a_folder_waits(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    place = tmp_path / "film.mov"
    place.write_bytes(b"half")
    assert arrivals([rule(prefix="")], store, MemoryStore(), 20) == []
    os.utime(place, (time.time() - 60,) * 2)
    assert keys(arrivals([rule(prefix="")], store, MemoryStore(), 20)) == ["film.mov"]


@pytest.fixture
def handed_in(database: None, place: Place, write: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[FolderStore]:
    """Give the folder store of sources; the DAG of the one rule is known to Airflow, and its runs are removed."""
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    monkeypatch.delenv("MEDIA_OPS_STORAGE_CONFIG", raising=False)
    monkeypatch.setattr(looking, "QUIET", looking.QUIET * 0)
    write()
    with create_session() as session:
        if session.get(DagBundleModel, "testing") is None:
            session.add(DagBundleModel(name="testing"))
    bag = BundleDagBag(REPOSITORY / "dags", bundle_path=REPOSITORY / "dags", bundle_name="testing")
    assert bag.import_errors == {}
    assert "incoming" in bag.dags
    sync_bag_to_db(bag, "testing", None)
    yield FolderStore(place.store / "media-source")
    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.dag_id.in_(["incoming", "transcode_h264"])))


def look_once() -> dict[str, list[str]]:
    from media_airflow.incoming.dag import incoming_dag

    run = incoming_dag(read_incoming()).test()
    states: dict[str, list[str]] = {}
    for task in run.get_task_instances():
        states.setdefault(task.task_id, []).append(str(task.state))
    assert str(run.state) == "success", states
    return states


def started() -> dict[str, Any]:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        runs = session.scalars(select(DagRun).where(DagRun.dag_id == "transcode_h264"))
        return {run.run_id: run.conf for run in runs if run.run_id.startswith("incoming-")}


@pytest.mark.airflow
def test_a_run_is_started_for_each_object_and_never_twice(handed_in: FolderStore, place: Place) -> None:
    odd = "in/{{ 7 * 7 }} {% raw %}é.mov"
    for key in ("in/film.mov", odd):
        handed_in.put(key, key.encode())
    states = look_once()
    assert states == {"look": ["success"], "start": ["success"] * 2, "remember": ["success"]}
    runs = started()
    assert [conf["source"] for conf in runs.values()] == [str(handed_in.path(key)) for key in ("in/film.mov", odd)]
    assert [conf["output"] for conf in runs.values()] == ["/films/film.mp4", "/films/{{ 7 * 7 }} {% raw %}é.mp4"]
    assert next(iter(runs)).startswith("incoming-films-film.mov-")

    assert look_once() == {"look": ["skipped"], "start": ["skipped"], "remember": ["skipped"]}
    open_store(str(place.store / "media-result")).delete("incoming/films.json.gz")
    states = look_once()
    assert states == {"look": ["success"], "start": ["skipped"] * 2, "remember": ["success"]}
    assert started() == runs
    handed_in.put("in/film.mov", b"another")
    assert look_once()["start"] == ["success"]
    assert len(started()) == 3


@pytest.mark.airflow
@pytest.mark.slow
def test_a_pass_that_did_not_end_is_made_up_for(
    handed_in: FolderStore, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_airflow.incoming.dag import RememberOperator

    handed_in.put("in/a.mov", b"a")
    with monkeypatch.context() as cut:
        cut.setattr(RememberOperator, "execute", lambda self, context: None)
        look_once()
    handed_in.put("in/b.mov", b"b")
    assert sorted(look_once()["start"]) == ["skipped", "success"]
    assert len(started()) == 2
    assert look_once()["look"] == ["skipped"]


def test_the_providers_watch_of_a_bucket_is_still_none(airflow_home: Path) -> None:
    """When this fails, docs/decisions/0020 may be thought over."""
    from airflow.providers.amazon.aws.triggers.s3 import S3KeyTrigger
    from airflow.sdk import AssetWatcher

    trigger: Any = S3KeyTrigger("bucket", "key")
    with pytest.raises(ValueError, match="BaseEventTrigger"):
        AssetWatcher(name="bucket", trigger=trigger)
