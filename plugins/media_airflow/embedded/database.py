"""The PostgreSQL server of one instance: on a Unix socket only, as a user of its own when we are root."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg2  # type: ignore[import-untyped, unused-ignore]

from media_airflow.embedded.layout import Layout
from media_airflow.embedded.processes import runs_in
from media_airflow.embedded.system_user import system_user
from media_airflow.embedded.wheel import installed_programs, share_programs, shared_programs
from media_ops.errors import ToolMissing

ROLE = "postgres"
NAME = "airflow"


class Database:
    """`prepare` it, then run `command`, then `wait` for it.

    `instance` names the home that the data belongs to: data of a home that was deleted is not taken over.
    """

    def __init__(self, layout: Layout, instance: str) -> None:
        self.layout = layout
        self.instance = instance
        self.user = system_user() if layout.as_root else None
        self.programs = shared_programs() if layout.as_root else installed_programs()

    @property
    def uri(self) -> str:
        """Address of Airflow's database for SQLAlchemy."""
        return f"postgresql+psycopg2://{ROLE}@/{NAME}?host={quote(str(self.layout.database_socket), safe='')}"

    @property
    def command(self) -> list[str]:
        """The server itself, in the foreground."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.layout.database_socket),
            "unix_socket_permissions": "0700",
            "jit": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.layout.data), *options]

    def prepare(self) -> bool:
        """Make what is missing, clear what a crash left; say whether the data is new."""
        if self.user:
            share_programs()
        self._make_own(self.layout.database_socket)
        belongs_to = self.layout.database / "instance"
        known = belongs_to.exists() and belongs_to.read_text() == self.instance
        if known and (self.layout.data / "PG_VERSION").exists():
            self._clear_stale_lock()
            return False
        shutil.rmtree(self.layout.data, ignore_errors=True)
        self._make_own(self.layout.data)
        self._initialise()
        belongs_to.write_text(self.instance)
        return True

    def wait(self, seconds: float) -> None:
        """Wait until the server answers, and make Airflow's database if it is not there."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                connection = psycopg2.connect(host=str(self.layout.database_socket), user=ROLE, dbname="postgres")
                break
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ToolMissing(f"PostgreSQL does not answer; see {self.layout.logs}: {error}") from error
                time.sleep(0.1)
        with closing(connection):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", [NAME])
                if not cursor.fetchone():
                    cursor.execute(f"create database {NAME}")

    def _make_own(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
            if self.user:
                os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _clear_stale_lock(self) -> None:
        """Remove the lock of a dead server: its process id may be another program's by now."""
        lock = self.layout.data / "postmaster.pid"
        if lock.exists() and not runs_in(int(lock.read_text().split()[0]), self.layout.data):
            lock.unlink()

    def _initialise(self) -> None:
        # Users are told apart by the socket's folder, which only the server's own user (and root) can enter.
        options = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-U", ROLE]
        done = subprocess.run(
            [str(self.programs / "initdb"), "-D", str(self.layout.data), *options],
            user=self.user and self.user.pw_uid,
            group=self.user and self.user.pw_gid,
            extra_groups=[] if self.user else None,
            cwd=self.layout.data,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ToolMissing(f"PostgreSQL's data could not be made: {done.stderr.strip()}")


def drop_data(layout: Layout) -> None:
    """Remove the data of a server that is stopped."""
    for folder in (layout.database, layout.sockets):
        shutil.rmtree(folder, ignore_errors=True)
    layout.migrated.unlink(missing_ok=True)
