"""An S3 server for these tests: ministack, where `build/ministack` is a virtual environment that has it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from minio import Minio

REPOSITORY = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("MINISTACK", REPOSITORY / "build" / "ministack")) / "bin" / "python"
KEY = "lifecyclerootkey", "lifecyclerootsecret"


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server on a free port of the loopback."""
    if not PYTHON.exists():
        pytest.skip(f"no S3 server: {PYTHON} is missing")
    folder = tmp_path_factory.mktemp("ministack")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": KEY[0],
        "AWS_SECRET_ACCESS_KEY": KEY[1],
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "data"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AIRFLOW"))}
    with (folder / "log").open("wb") as log:
        command = [str(PYTHON), "-m", "ministack"]
        server = subprocess.Popen(
            command, env=kept | settings, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(server, port, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture
def s3_client(s3_endpoint: str) -> Minio:
    """Give a client of the server."""
    from minio import Minio

    return Minio(s3_endpoint, access_key=KEY[0], secret_key=KEY[1], secure=False)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    pytest.fail(f"the S3 server did not start: {log.read_text()[-2000:]}")
