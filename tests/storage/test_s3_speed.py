"""Whole objects of 2 GB, sent and fetched: as fast as the minio client alone, nearly, and in little memory."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.server import BUCKET, Server

pytestmark = [pytest.mark.s3, pytest.mark.slow, pytest.mark.timeout(1800)]

SIZE = int(os.environ.get("MEDIA_OPS_SPEED_MB", "2000")) * 10**6
ROUNDS = 3  # the better one counts: others use this machine too

PROGRAM = """
import json, re, sys, time
import minio.commonconfig, minio.credentials.credentials, minio.signer
from pathlib import Path
from media_ops.storage.s3 import S3Store
from media_ops.storage.s3_settings import S3Settings
who, what, bucket, key, path = sys.argv[1:]
settings = S3Settings.from_environment()
if who == "minio":
    from minio import Minio
    client = Minio(settings.endpoint, settings.access_key, settings.secret_key.get_secret_value(),
                   secure=settings.secure, region=settings.region)
    act = {"send": client.fput_object, "fetch": client.fget_object}[what]
    arguments = bucket, key, path
else:
    store = S3Store(settings, bucket)
    act = {"send": store.put, "fetch": store.fetch}[what]
    arguments = key, Path(path)
started = time.monotonic()
act(*arguments)
seconds = time.monotonic() - started
most = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())  # getrusage tells of the parent, too
print(json.dumps([seconds, int(most[1]) * 1024]))
"""


def measure(server: Server, *arguments: str) -> tuple[float, int]:
    """Give seconds and the most memory of a process of its own."""
    environment = os.environ | server.environment
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def test_two_gigabytes_there_and_back(server: Server, tmp_path: Path) -> None:
    block = os.urandom(10**6)
    body, back = tmp_path / "body", tmp_path / "back"
    best: dict[tuple[str, str], float] = {}
    wanted = ""
    most = 0
    for number in range(ROUNDS):
        for who in ("minio", "ours")[:: 1 if number % 2 else -1]:
            with body.open("w+b") as file:
                for at in range(SIZE // len(block)):
                    file.write(at.to_bytes(8) + block[8:])  # no two alike: order counts
                if not wanted:
                    file.seek(0)
                    wanted = hashlib.file_digest(file, "sha256").hexdigest()
            for what, path in (("send", body), ("fetch", back)):
                os.sync()
                seconds, memory = measure(server, who, what, BUCKET, f"speed/{who}", str(path))
                best[who, what] = min(seconds, best.get((who, what), seconds))
                most = max(most, memory if who == "ours" else 0)
                print(f"\n{who} {what}: {SIZE / seconds / 1e6:.0f} MB/s, at most {memory / 1e6:.0f} MB of memory")
            assert back.stat().st_size == SIZE
            with back.open("rb") as file:
                assert hashlib.file_digest(file, "sha256").hexdigest() == wanted
            back.unlink()
            body.unlink(missing_ok=True)
    for what in ("send", "fetch"):
        ratio = best["minio", what] / best["ours", what]
        print(f"{what}: {ratio:.2f} times as fast as the minio client alone")
        assert ratio >= 0.8
    assert most <= 200e6
