"""ministack, an S3 server for demo and tests, in the virtual environment that `scripts/ministack` makes."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from pydantic import SecretStr

from media_airflow.embedded.settings import CHECKOUT
from media_ops.storage.s3_settings import S3Settings

PYTHON = CHECKOUT / "build" / "ministack" / "bin" / "python"
DYING_WITH_ITS_PARENT = """
import ctypes, runpy, signal
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
"""
ROOT = {"aws_access_key_id": "local-root", "aws_secret_access_key": "local-root-secret"}


class Ministack:
    """The key it gives is a user's: signatures of root's are not checked. A kill loses its users."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port

    def start(self) -> None:
        """Start the process; it does not answer yet."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = kept | {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._port),
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
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [PYTHON, "-c", DYING_WITH_ITS_PARENT], env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def is_alive(self) -> bool:
        """Whether it may still begin to answer."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def someone(self, address: str) -> S3Settings:
        """Make a user, and give its key."""
        import boto3
        from botocore.config import Config

        how = {"endpoint_url": address, "region_name": "us-east-1", **ROOT}
        people = boto3.client("iam", config=Config(retries={"total_max_attempts": 3}), **how)
        if "someone" not in [user["UserName"] for user in people.list_users()["Users"]]:
            people.create_user(UserName="someone")
        everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
        people.put_user_policy(UserName="someone", PolicyName="all", PolicyDocument=everything)
        key = people.create_access_key(UserName="someone")["AccessKey"]
        return S3Settings(
            endpoint=address, access_key=key["AccessKeyId"], secret_key=SecretStr(key["SecretAccessKey"])
        )
