"""What lasts: outages of half a minute, a server that is killed while it is read, a clock that is wrong."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import minio.time
import pytest
from pydantic import SecretStr

from media_ops.errors import StoreRefused, StoreUnavailable
from media_ops.storage.attached import Attached
from media_ops.storage.bucket import StoredObject
from media_ops.storage.s3 import S3Store
from tests.storage.proxy import Proxy
from tests.storage.server import BUCKET, ROOT, Server

pytestmark = [pytest.mark.s3, pytest.mark.slow]
BODY = random.Random(2).randbytes(40 * 2**20)
OUTAGE = 30.0


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.port) as running:
        yield running


def through(proxy: Proxy, server: Server, **settings: Any) -> S3Store:
    """Reach the server as it is reached without settings: 120 seconds of patience."""
    changed = {"endpoint": proxy.address.removeprefix("http://")} | settings
    return S3Store(server.settings.model_copy(update=changed), BUCKET, f"long/{random.randrange(10**12)}")


def interrupted(proxy: Proxy, act: Callable[[], Any], *, at: Callable[[str, str], bool]) -> tuple[Any, float]:
    """Have the server be away for `OUTAGE` seconds from the request on that `at` picks; give the seconds it took."""
    gone = threading.Event()

    def fault(method: str, path: str) -> str | None:
        if gone.is_set() or not at(method, path):
            return None
        gone.set()
        threading.Thread(target=away).start()
        return "reset"

    def away() -> None:
        proxy.go_down()
        time.sleep(OUTAGE)
        proxy.come_back()

    proxy.fault = fault
    began = time.monotonic()
    result = act()
    assert gone.is_set()
    return result, time.monotonic() - began


def test_an_outage_of_half_a_minute_while_writing(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server)
    (tmp_path / "file").write_bytes(BODY)
    stat, seconds = interrupted(
        proxy, lambda: store.put("key", tmp_path / "file"), at=lambda method, path: "partNumber=3" in path
    )
    assert (stat.size, store.sha256("key")) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert OUTAGE <= seconds < 2 * OUTAGE


def test_an_outage_of_half_a_minute_while_reading_by_ranges(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server)
    store.put("key", BODY)
    source = Attached(StoredObject(store, "key", "shown"), tmp_path, "shown")
    gets: list[str] = []

    def second(method: str, path: str) -> bool:
        gets.extend([method] if method == "GET" else [])
        return len(gets) == 1

    def read() -> bytes:
        with source.open() as file:
            return file.read()

    data, seconds = interrupted(proxy, read, at=second)
    assert data == BODY
    assert source.failure is None
    assert OUTAGE <= seconds < 2 * OUTAGE


def test_an_outage_of_half_a_minute_while_fetching(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server)
    store.put("key", BODY)
    _, seconds = interrupted(
        proxy, lambda: store.fetch("key", tmp_path / "back"), at=lambda method, path: method == "GET"
    )
    assert (tmp_path / "back").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["back"]
    assert OUTAGE <= seconds < 2 * OUTAGE


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_server_that_is_killed_while_it_is_fetched_from(tmp_path: Path, comes_back: bool) -> None:
    """Between the first bytes and the last, and no proxy in between: the connection dies with the server."""
    with Server(tmp_path / "server") as server:
        # A kill loses the server's users and their keys, but not root's.
        root = {"access_key": ROOT["aws_access_key_id"], "secret_key": SecretStr(ROOT["aws_secret_access_key"])}
        changed = root | {"patience": 60.0 if comes_back else 1.0, "read_timeout": 10.0}
        store = S3Store(server.settings.model_copy(update=changed), BUCKET, "killed")
        store.put("key", BODY)
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / "back").write_bytes(b"as it was")
        begun, killed = threading.Event(), threading.Event()

        class Slowly:
            """A digest that waits, after the first bytes, until the server is dead."""

            def __init__(self) -> None:
                self._digest = hashlib.sha256()

            def update(self, data: bytes) -> None:
                self._digest.update(data)
                begun.set()
                assert killed.wait(60)

            def hexdigest(self) -> str:
                return self._digest.hexdigest()

        with pytest.MonkeyPatch.context() as changing, ThreadPoolExecutor(1) as pool:
            changing.setattr("media_ops.storage.s3_download.hashlib", SimpleNamespace(sha256=Slowly))
            fetching = pool.submit(store.fetch, "key", tmp_path / "here" / "back")
            assert begun.wait(60)
            server.kill()
            killed.set()
            if comes_back:
                time.sleep(1)
                server.start()
                assert fetching.result(120).size == len(BODY)
            else:
                with pytest.raises(StoreUnavailable, match="'key'"):
                    fetching.result(120)
        assert (tmp_path / "here" / "back").read_bytes() == (BODY if comes_back else b"as it was")
        assert [path.name for path in (tmp_path / "here").iterdir()] == ["back"]


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_is_twenty_minutes_wrong(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """The server judges; nobody injects its answer."""
    store = S3Store(server.settings, BUCKET, "clock")
    store.put("key", b"x")
    monkeypatch.setattr(minio.time, "utcnow", lambda: datetime.now(UTC) + timedelta(minutes=minutes))
    (tmp_path / "file").write_bytes(BODY)
    began = time.monotonic()
    acts: list[Callable[[], Any]] = [
        lambda: store.stat("key"),
        lambda: store.open("key"),
        lambda: store.fetch("key", tmp_path / "back"),
        lambda: store.put("key", tmp_path / "file"),
        lambda: store.list(),
        lambda: StoredObject(store, "key", "s3://bucket/key"),
    ]
    for act in acts:
        with pytest.raises(StoreRefused, match="clock differs too much"):
            act()
    assert time.monotonic() - began < 10
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
