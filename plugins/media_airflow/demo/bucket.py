"""An S3 server for the demo: started beside Airflow, with the three buckets of `config/storage.yaml`."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from media_airflow.demo.ministack import Ministack
from media_ops.errors import ToolMissing
from media_ops.storage import open_store
from media_ops.storage.lifecycle import initialise
from media_ops.storage.roles import HOME_VARIABLE, Stores, read_stores

_PATIENCE = 60.0


@contextmanager
def buckets(folder: Path) -> Iterator[Stores]:
    """Run the server with its data in `folder`, which goes with it; this process and its children are told of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Ministack(folder, port)
    server.start()
    try:
        _wait(server, port)
        known = server.someone(f"http://127.0.0.1:{port}")
        assert known.access_key
        assert known.secret_key
        os.environ |= {
            HOME_VARIABLE: "s3://",
            "MEDIA_OPS_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "MEDIA_OPS_S3_ACCESS_KEY": known.access_key,
            "MEDIA_OPS_S3_SECRET_KEY": known.secret_key.get_secret_value(),
        }
        stores = read_stores()
        initialise(stores)
        yield stores
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def hand_in(film: Path, stores: Stores) -> str:
    """Put a film where users would; give its address."""
    key = f"demo/{film.name}"
    copy = film.with_name(f".{film.name}.sent")
    copy.unlink(missing_ok=True)
    copy.hardlink_to(film)
    open_store(stores.source.store).put(key, copy)
    return f"{stores.source.store}/{key}"


def fetch(address: str, to: Path) -> None:
    """Bring a result here, with its proof."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    for ending in ("", ".proof.json"):
        open_store(f"s3://{bucket}").fetch(f"{key}{ending}", to.with_name(f"{to.name}{ending}"))


def _wait(server: Ministack, port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and server.is_alive():
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise ToolMissing("the S3 server of the demo does not start; `make demo STORE=s3` installs it")
