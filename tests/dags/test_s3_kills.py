"""Jobs whose S3 server is killed while they work and comes back: they end right, and nothing is half-written."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from media_ops.storage import open_store
from media_ops.storage.s3 import S3Store
from media_ops.storage.shelf import Record
from tests.dags.conftest import Place, Run
from tests.dags.test_reuse import pulled
from tests.storage.proxy import Proxy
from tests.storage.server import ROOT, Server

pytestmark = [pytest.mark.airflow, pytest.mark.s3, pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Proxy]]:
    """Start a server of its own behind a proxy, with its buckets; root's key outlives a kill."""
    from media_ops.storage.lifecycle import initialise
    from media_ops.storage.roles import read_stores

    with Server(tmp_path / "server") as running, Proxy(running.port) as proxy:
        monkeypatch.setenv("MEDIA_OPS_S3_ENDPOINT", proxy.address)
        monkeypatch.setenv("MEDIA_OPS_S3_ACCESS_KEY", ROOT["aws_access_key_id"])
        monkeypatch.setenv("MEDIA_OPS_S3_SECRET_KEY", ROOT["aws_secret_access_key"])
        monkeypatch.setenv("MEDIA_OPS_STORE", "s3://")
        monkeypatch.setenv("MEDIA_OPS_S3_PATIENCE", "30")
        initialise(read_stores())
        yield running, proxy


# What is asked of the server when it is killed: the source's bytes, a segment's, the result's, its record.
MOMENTS = {
    "download": ("GET", "/media-source/"),
    "upload of a segment": ("PUT", ".nut"),
    "merge": ("GET", ".nut"),
    "upload of the result": ("PUT", "/media-result/results/"),
    "publishing": ("PUT", "/result.json"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_server_that_is_killed_and_comes_back(
    run: Callable[..., Run], place: Place, server: tuple[Server, Proxy], clip: Path, tmp_path: Path, moment: str
) -> None:
    running, proxy = server
    method, part = MOMENTS[moment]
    for bucket in ("source", "result", "segment"):  # ministack forgets buckets in which nothing was
        open_store(f"s3://media-{bucket}").put("film.mp4", clip.read_bytes())
    killed, over = threading.Event(), threading.Event()

    def come_back() -> None:
        killed.wait(120)
        time.sleep(1.5)
        running.start()
        over.wait()  # the server dies with the thread that started it

    def strike(asked: str, path: str) -> None:
        if not killed.is_set() and asked == method and part in path:
            running.kill()
            killed.set()

    again = threading.Thread(target=come_back, daemon=True)
    again.start()
    proxy.fault = strike
    try:
        done = run(source="s3://media-source/film.mp4", segments=3, preset="ultrafast", verify="full")
        assert killed.is_set()
        check(done, place)
    finally:
        killed.set()
        over.set()
        again.join()


def check(done: Run, place: Place) -> None:
    assert done.state == "success", done.outcome
    (merged,) = pulled(done, "merge")
    assert (merged["proof"]["frames_out"], merged["proof"]["pts_mismatches"]) == (150, 0)
    results = cast(S3Store, open_store("s3://media-result"))
    (record,) = [key for key in keys(results) if key.endswith("/result.json")]
    with results.open(record) as file:
        parts = Record.model_validate_json(file.read()).parts
    for one in parts:
        with results.open(one.key) as file:
            assert hashlib.sha256(file.read()).hexdigest() == one.sha256
    for bucket in ("media-source", "media-result", "media-segment"):
        assert unfinished(cast(S3Store, open_store(f"s3://{bucket}"))) == []
    assert list(place.scratch.iterdir()) == []
    assert not [child for child in psutil.Process().children() if "media_ops.worker.child" in child.cmdline()]


def keys(store: S3Store) -> list[str]:
    return [found.key for found in store.list()]


def unfinished(store: S3Store) -> list[str]:
    client = cast(Any, store._client)  # which has no public way to ask
    return [upload.object_name for upload in client._list_multipart_uploads(store.bucket).uploads]
