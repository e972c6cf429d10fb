"""Ceph's radosgw over the smallest Ceph there is: one monitor, one disk (a file), no copies."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import uuid
from pathlib import Path

from pydantic import SecretStr

from media_airflow.demo.ministack import ROOT
from media_ops.storage.s3_settings import S3Settings

CONFIGURATION = """[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
# radosgw asks its monitor for encryption, which there is none of without keys.
ms mon client mode = crc
run dir = {folder}
crash dir = {folder}
log file = {folder}/$name.log
admin socket =
pid file =
mon data = {folder}/mon
mon allow pool size one = true
osd data = {folder}/osd
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
# Written as it is used, so that the file takes little of it.
bluestore block size = 17179869184
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw thread pool size = 96
rgw s3 auth use sts = true
rgw sts key = {sts}
"""
# An operator tells radosgw its classes; this one is the article's.
CLASS = ("--placement-id", "default-placement", "--storage-class", "GLACIER_IR")


class Radosgw:
    """Kept by a kill: users, buckets and objects."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._secret = secrets.token_hex(20)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = {"PATH": os.environ["PATH"], "CEPH_CONF": str(folder / "conf"), "LC_ALL": "C.UTF-8"}

    def start(self) -> None:
        """Start its processes, on disks that are made the first time; it does not answer yet."""
        if new := not (self._folder / "conf").exists():
            self._configure()
        self._processes = [self._daemon("ceph-mon", "-i", "a")]
        if new:
            disk = str(uuid.uuid4())
            self._do("ceph", "osd", "new", disk)
            self._do("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._processes.append(self._daemon("ceph-osd", "-i", "0"))
        if new:
            self._admin("user", "create", "--uid", "tests", "--display-name", "tests", *_key("tests", self._secret))
            self._admin("caps", "add", "--uid", "tests", "--caps", "roles=*")
            root = _key(ROOT["aws_access_key_id"], ROOT["aws_secret_access_key"])
            self._admin("key", "create", "--uid", "tests", *root)
            self._admin("zonegroup", "placement", "add", "--rgw-zonegroup", "default", *CLASS)
            self._admin(
                "zone", "placement", "add", "--rgw-zone", "default", *CLASS, "--data-pool", "default.rgw.cold"
            )
        self._processes.append(self._daemon("radosgw", "-n", "client.rgw"))

    def is_alive(self) -> bool:
        """Whether it may still begin to answer."""
        return all(process.poll() is None for process in self._processes)

    def kill(self) -> None:
        """End all of it as a power cut does."""
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        for process in self._processes:
            process.wait()

    def someone(self, address: str) -> S3Settings:
        """Give the key of a user."""
        return S3Settings(endpoint=address, access_key="tests", secret_key=SecretStr(self._secret))

    def _configure(self) -> None:
        for name in ("mon", "osd", "rgw"):
            (self._folder / name).mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            monitor = probe.getsockname()[1]
        fsid, monitors = str(uuid.uuid4()), self._folder / "monitors"
        (self._folder / "conf").write_text(
            CONFIGURATION.format(
                fsid=fsid, monitor=monitor, folder=self._folder, port=self._port, sts=secrets.token_hex(8)
            )
        )
        address = f"[v2:127.0.0.1:{monitor}]"
        self._do("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, str(monitors))
        self._do("ceph-mon", "-i", "a", "--mkfs", "--monmap", str(monitors))

    def _admin(self, *arguments: str) -> None:
        self._do("radosgw-admin", "--no-mon-config", *arguments)

    def _do(self, *command: str) -> None:
        done = subprocess.run(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:3])}: {done.stdout[-2000:]}")

    def _daemon(self, *command: str) -> subprocess.Popen[bytes]:
        """Start one that dies with its parent."""
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command, "--no-mon-config", "-f"],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _key(name: str, secret: str) -> tuple[str, ...]:
    return "--access-key", name, "--secret", secret
