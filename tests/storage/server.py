"""A real S3 server for the tests, on a free port of this machine, that can be killed and started again."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path
from types import TracebackType

import boto3
import pytest
from botocore.config import Config

from media_airflow.demo.ministack import ROOT, Ministack
from media_ops.storage.s3_settings import S3Settings
from tests.storage.chosen import SERVER
from tests.storage.radosgw import Radosgw

__all__ = ["BUCKET", "ROOT", "Server"]

BUCKET = "media-tests"


class Server:
    """The chosen server with its data in `folder`, and a user and a bucket in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        kinds: dict[str, type[Ministack] | type[Radosgw]] = {"ministack": Ministack, "radosgw": Radosgw}
        self._kind = kinds[SERVER](folder, self.port)
        self.settings = S3Settings()

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What tells a process of the server and of the user."""
        known = self.settings
        assert known.access_key
        assert known.secret_key
        return {
            "MEDIA_OPS_S3_ENDPOINT": self.address,
            "MEDIA_OPS_S3_ACCESS_KEY": known.access_key,
            "MEDIA_OPS_S3_SECRET_KEY": known.secret_key.get_secret_value(),
        }

    def tell(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put that into this process's environment while a test runs."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    def start(self) -> None:
        """Start, and make bucket and user, which a kill may have lost."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._kind.start()
        self._wait()
        known = self._kind.someone(self.address)
        store = boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name=known.region,
            aws_access_key_id=known.access_key,
            aws_secret_access_key=known.secret_key and known.secret_key.get_secret_value(),
            config=Config(retries={"total_max_attempts": 3}),
        )
        if BUCKET not in [bucket["Name"] for bucket in store.list_buckets()["Buckets"]]:
            store.create_bucket(Bucket=BUCKET)
        self.settings = known

    def kill(self) -> None:
        """End it as a power cut does."""
        self._kind.kill()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._kind.is_alive():
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{SERVER} does not start: {(self._folder / 'log').read_text()[-2000:]}")
