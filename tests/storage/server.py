"""A real S3 server for the tests, on a free port of this machine, that can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

import boto3
from botocore.config import Config
from pydantic import SecretStr

from media_ops.storage.s3_settings import S3Settings

REPOSITORY = Path(__file__).parents[2]
PYTHON = REPOSITORY / "build" / "ministack" / "bin" / "python"
DYING_WITH_ITS_PARENT = """
import ctypes, runpy, signal
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
"""
BUCKET = "media-tests"
ROOT = {"aws_access_key_id": "test-root", "aws_secret_access_key": "test-root-secret"}


class Server:
    """ministack with its data in `folder`. The key it gives is a user's: signatures of root's are not checked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.settings = S3Settings()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and make bucket and user, which a kill may have lost."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = kept | {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": ROOT["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": ROOT["aws_secret_access_key"],
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._folder / "data"),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._folder / "state"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [PYTHON, "-c", DYING_WITH_ITS_PARENT], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()
        self._set_up()

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"ministack does not start: {(self._folder / 'log').read_text()[-2000:]}")

    def _set_up(self) -> None:
        how = {"endpoint_url": self.address, "region_name": "us-east-1", **ROOT}
        config = Config(retries={"total_max_attempts": 3})
        store, people = boto3.client("s3", config=config, **how), boto3.client("iam", config=config, **how)
        if BUCKET not in [bucket["Name"] for bucket in store.list_buckets()["Buckets"]]:
            store.create_bucket(Bucket=BUCKET)
        if "tests" not in [user["UserName"] for user in people.list_users()["Users"]]:
            people.create_user(UserName="tests")
        everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
        people.put_user_policy(UserName="tests", PolicyName="all", PolicyDocument=everything)
        key = people.create_access_key(UserName="tests")["AccessKey"]
        self.settings = S3Settings(
            endpoint=self.address, access_key=key["AccessKeyId"], secret_key=SecretStr(key["SecretAccessKey"])
        )
