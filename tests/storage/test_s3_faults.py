"""What goes wrong between us and an object store: survived where it passes, named at once where it does not."""

from __future__ import annotations

import hashlib
import random
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from media_ops.errors import MediaError, SourceChanged, StoreRefused, StoreUnavailable
from media_ops.storage.s3 import S3Store
from tests.storage.chosen import WRONG_KEY, WRONG_SECRET, differs
from tests.storage.proxy import LOST, RESET, SILENCE, TORN, Fault, Proxy
from tests.storage.reading import read
from tests.storage.server import BUCKET, ROOT, Server

pytestmark = [pytest.mark.s3, pytest.mark.slow]
BODY = random.Random(1).randbytes(30 * 2**20)  # four parts


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.port) as running:
        yield running


def through(proxy: Proxy, server: Server, bucket: str = BUCKET, **settings: Any) -> S3Store:
    changed = {"endpoint": proxy.address.removeprefix("http://"), "read_timeout": 1.0, "patience": 20.0} | settings
    return S3Store(server.settings.model_copy(update=changed), bucket, uuid.uuid4().hex[:12])


def unfinished(store: S3Store) -> list[str]:
    client = cast(Any, store._client)  # which has no public way to ask
    listed = client._list_multipart_uploads(store.bucket, prefix=store.prefix)
    return [upload.object_name for upload in listed.uploads]


@pytest.mark.parametrize("fault", [(503, "SlowDown"), (500, "InternalError"), (400, "RequestTimeout"), RESET, LOST])
def test_what_passes_is_survived(proxy: Proxy, server: Server, tmp_path: Path, fault: Fault) -> None:
    store = through(proxy, server, read_timeout=30.0)
    (tmp_path / "file").write_bytes(BODY)
    for count, act in enumerate((lambda: store.put("key", tmp_path / "file"), lambda: store.put("small", b"x"))):
        proxy.times(3, fault)
        assert act().size in (len(BODY), 1), count  # type: ignore[no-untyped-call]
    proxy.times(2, fault)
    assert store.put_if_absent("new", b"mine")
    proxy.times(2, fault)
    assert [stat.key for stat in store.list()] == ["key", "new", "small"]
    proxy.times(2, fault)
    assert read(store, "new") == b"mine"
    with store.open("key") as file:
        proxy.times(2, fault)
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(BODY).digest()
    proxy.times(2, fault)
    store.delete("key")
    assert store.stat("key") is None


@pytest.mark.parametrize("fault", [SILENCE, TORN])
def test_answers_that_do_not_come_or_break_off(proxy: Proxy, server: Server, fault: Fault) -> None:
    store = through(proxy, server)
    store.put("key", b"0123456789" * 1000)
    proxy.times(2, fault, only=lambda method, path: method == "GET")
    assert read(store, "key") == b"0123456789" * 1000


def test_a_download_that_breaks_off_is_taken_up_again(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server, read_timeout=30.0)
    (tmp_path / "file").write_bytes(BODY)
    store.put("key", tmp_path / "file")
    breaks: list[Fault] = [TORN, (503, "SlowDown"), TORN, RESET]
    proxy.asked.clear()
    proxy.fault = lambda method, path: breaks.pop(0) if method == "GET" and breaks else None
    store.fetch("key", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == BODY
    assert [method for method, _ in proxy.asked] == ["HEAD"] + 5 * ["GET"]
    proxy.fault = lambda method, path: (503, "SlowDown") if method == "GET" else None
    with pytest.raises(StoreUnavailable, match="SlowDown"):
        through(proxy, server, patience=0.5).fetch("missing", tmp_path / "back")


def test_a_download_of_what_is_replaced_meanwhile(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server, read_timeout=30.0)
    (tmp_path / "back").write_bytes(b"as it was")
    for end in (lambda: store.put("key", BODY[::-1]), lambda: store.delete("key")):
        store.put("key", BODY)
        asked: list[str] = []

        def fault(method: str, path: str, end: Any = end, asked: list[str] = asked) -> Fault | None:
            asked += [method] if method == "GET" else []
            if method != "GET" or len(asked) > 2:
                return None
            if asked == ["GET"]:
                return TORN
            end()  # between the first half and the second
            return None

        proxy.fault = fault
        with pytest.raises(SourceChanged, match="'key'"):
            store.fetch("key", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["back"]


def test_a_download_of_other_bytes_than_were_put(bucket: S3Store, tmp_path: Path) -> None:
    cast(Any, bucket._client).put_object(
        bucket.bucket, bucket.prefix + "key", BytesIO(b"damaged"), 7, metadata={"sha256": "0" * 64}
    )
    with pytest.raises(StoreUnavailable, match="not what was put"):
        bucket.fetch("key", tmp_path / "back")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_changed_while_it_is_sent(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server, read_timeout=30.0)
    for size in (12, 30):
        (tmp_path / "file").write_bytes(BODY[: size * 2**20])

        def touch(method: str, path: str) -> None:
            if method == "PUT":
                with (tmp_path / "file").open("r+b") as file:
                    file.write(b"changed")

        proxy.fault = touch
        for put in (store.put, store.put_if_absent) if size == 12 else (store.put,):
            with pytest.raises(StoreUnavailable, match="changed"):
                put(f"key {size}", tmp_path / "file")
            assert (tmp_path / "file").exists()
            store.delete(f"key {size}")


def test_a_copy_that_fails_after_200_is_named(proxy: Proxy, server: Server) -> None:
    store = through(proxy, server)
    store.put("key", b"x")
    store.put("to", b"y")
    proxy.fault = lambda method, path: (200, "AccessDenied") if method == "PUT" else None
    with pytest.raises(MediaError, match="'to'"):
        store.copy("key", "to")
    assert read(store, "to") == b"y"


def test_the_answer_to_a_completion_is_lost(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server, read_timeout=30.0)
    (tmp_path / "file").write_bytes(BODY)
    proxy.times(1, LOST, only=lambda method, path: method == "POST" and "uploadId" in path)
    store.put("key", tmp_path / "file")
    assert store.sha256("key") == hashlib.sha256(BODY).hexdigest()
    assert unfinished(store) == []


def test_a_winner_whose_answer_is_lost_knows_that_it_won(proxy: Proxy, server: Server) -> None:
    store = through(proxy, server)
    proxy.times(1, LOST, only=lambda method, path: method == "PUT")
    assert store.put_if_absent("key", b"mine")
    assert not store.put_if_absent("key", b"other")
    assert read(store, "key") == b"mine"


@differs("radosgw", "the condition is signed, so that it cannot be taken away between us and the server")
def test_a_store_that_ignores_conditions_is_refused(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    root: dict[str, Any] = {  # whose signatures ministack does not check
        "access_key": ROOT["aws_access_key_id"],
        "secret_key": SecretStr(ROOT["aws_secret_access_key"]),
    }
    store = through(proxy, server, **root)
    proxy.drops = {"if-none-match"}
    (tmp_path / "file").write_bytes(b"x")
    for key in ("key", "other"):
        with pytest.raises(StoreRefused, match=f"'{key}'.*If-None-Match"):
            store.put_if_absent(key, tmp_path / "file")
    assert (tmp_path / "file").exists()
    proxy.drops = set()
    for key, requests in (("checked", 2), ("known", 1)):
        proxy.asked.clear()
        assert store.put_if_absent(key, b"y")
        assert [method for method, _ in proxy.asked].count("PUT") == requests
    assert not store.put_if_absent("key", b"late")


def test_racers_beside_faults_have_one_winner(proxy: Proxy, server: Server) -> None:
    store, chance = through(proxy, server, read_timeout=30.0), random.Random(7)
    proxy.fault = lambda method, path: chance.choice([None, None, LOST, RESET, (503, "SlowDown")])
    with ThreadPoolExecutor(12) as pool:
        won = list(pool.map(lambda number: store.put_if_absent("key", str(number).encode()), range(12)))
    proxy.times(0, RESET)
    assert won.count(True) == 1
    assert read(store, "key") == str(won.index(True)).encode()


def test_an_outage_is_survived(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server, read_timeout=30.0)
    (tmp_path / "file").write_bytes(BODY)
    proxy.go_down()
    back = threading.Timer(3, proxy.come_back)
    back.start()
    try:
        store.put("key", tmp_path / "file")
    finally:
        back.join()
    assert store.sha256("key") == hashlib.sha256(BODY).hexdigest()


def test_an_outage_beyond_patience_is_named(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server, patience=1.0)
    proxy.go_down()
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"'key'.*within 1 seconds.*refused"):
        store.stat("key")
    assert time.monotonic() - started < 10
    proxy.come_back()
    proxy.fault = lambda method, path: (503, "SlowDown")
    with pytest.raises(StoreUnavailable, match="SlowDown"):
        store.put("key", b"x")


def test_a_failed_upload_leaves_nothing(proxy: Proxy, server: Server, tmp_path: Path) -> None:
    store = through(proxy, server, patience=0.5, read_timeout=30.0)
    (tmp_path / "file").write_bytes(BODY)
    proxy.fault = lambda method, path: (503, "SlowDown") if "partNumber=3" in path else None
    with pytest.raises(StoreUnavailable, match="SlowDown"):
        store.put("key", tmp_path / "file")
    assert any(method == "DELETE" and "uploadId" in path for method, path in proxy.asked)
    assert store.list() == []
    assert unfinished(store) == []
    assert (tmp_path / "file").read_bytes() == BODY


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "RequestTimeTooSkewed", "clock"),
        (403, "AccessDenied", "permission denied"),
        (400, "ExpiredToken", "token has expired"),
        (400, "AuthorizationHeaderMalformed", "region"),
    ],
)
def test_refusals_are_named_at_once(
    proxy: Proxy, server: Server, tmp_path: Path, status: int, code: str, reason: str
) -> None:
    store = through(proxy, server)
    (tmp_path / "file").write_bytes(BODY)
    proxy.fault = lambda method, path: (status, code)
    started = time.monotonic()
    for act in (
        lambda: store.stat("key"),
        lambda: store.open("key"),
        lambda: store.put("key", tmp_path / "file"),
        lambda: store.put_if_absent("key", b"x"),
        lambda: store.list(),
        lambda: store.delete("key"),
        lambda: store.tags("key"),
    ):
        with pytest.raises(StoreRefused, match=reason):
            act()
    assert time.monotonic() - started < 10
    assert (tmp_path / "file").exists()


def test_wrong_credentials_and_buckets(proxy: Proxy, server: Server) -> None:
    secret = SecretStr("a-wrong-secret-that-must-not-show")
    for store, reason in (
        (through(proxy, server, secret_key=secret), WRONG_SECRET),
        (through(proxy, server, access_key="AKIAUNKNOWN"), WRONG_KEY),
        (through(proxy, server, "no-such-bucket"), "no such bucket"),
    ):
        started = time.monotonic()
        for act in (store.stat, store.open, store.delete, store.tags, lambda key, store=store: store.put(key, b"x")):
            with pytest.raises(StoreRefused, match=reason) as caught:
                act("key")
            assert "must-not-show" not in str(caught.value) + repr(caught.value)
        assert time.monotonic() - started < 10
        assert "must-not-show" not in repr(store) + repr(store._settings)


def test_a_server_that_is_killed_during_an_upload(tmp_path: Path) -> None:
    with Server(tmp_path / "server") as server, Proxy(server.port) as proxy:
        # A kill loses the server's users and their keys, but not root's.
        root: dict[str, Any] = {
            "access_key": ROOT["aws_access_key_id"],
            "secret_key": SecretStr(ROOT["aws_secret_access_key"]),
        }
        store = through(proxy, server, read_timeout=30.0, patience=60.0, **root)
        store.put("old", b"old")
        (tmp_path / "file").write_bytes(BODY)
        reached = threading.Event()

        def watch(method: str, path: str) -> None:
            if "partNumber=3" in path:
                reached.set()

        proxy.fault = watch
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(store.put, "key", tmp_path / "file")
            assert reached.wait(60)
            server.kill()
            time.sleep(1)
            server.start()
            assert writing.result(120).size == len(BODY)
        assert hashlib.sha256(read(store, "key")).digest() == hashlib.sha256(BODY).digest()
        assert [stat.key for stat in store.list()] == ["key", "old"]
        assert unfinished(store) == []


def test_a_server_that_is_killed_for_good_keeps_nothing_half_written(tmp_path: Path) -> None:
    with Server(tmp_path / "server") as server, Proxy(server.port) as proxy:
        store = through(proxy, server, read_timeout=30.0, patience=1.0)
        (tmp_path / "file").write_bytes(BODY)
        proxy.fault = lambda method, path: server.kill() if "partNumber=3" in path else None
        with pytest.raises(StoreUnavailable, match="'key'"):
            store.put("key", tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == BODY
        server.start()
        again = S3Store(server.settings, BUCKET, store.prefix)
        assert again.list() == []
        again.put("key", tmp_path / "file")
        assert again.sha256("key") == hashlib.sha256(BODY).hexdigest()
