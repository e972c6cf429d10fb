"""A whole Airflow on this machine, for one program or until it is told to stop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from media_airflow.embedded import processes
from media_airflow.embedded.configuration import configuration
from media_airflow.embedded.database import Database, drop_data
from media_airflow.embedded.environment import LOOPBACK, STORE_VARIABLE, airflow_options, service_environment
from media_airflow.embedded.exclusive import locked, uninterrupted
from media_airflow.embedded.keys import ADMIN, load_keys, login_file, write_private
from media_airflow.embedded.layout import layout_of
from media_airflow.embedded.migration import is_migrated, migrate
from media_airflow.embedded.pools import share_slots
from media_airflow.embedded.port import choose_port, read_port
from media_airflow.embedded.readiness import missing_dag, missing_service
from media_airflow.embedded.settings import CHECKOUT, Settings, read_settings
from media_airflow.embedded.supervisor import Supervisor
from media_ops.errors import InputError, ToolMissing
from media_ops.remote.client import AirflowClient

DEFAULT_HOME = CHECKOUT / "build" / "airflow"
START_SECONDS = 180
STOP_SECONDS = 20


class AlreadyRunning(InputError):
    """An Airflow is up in that home already."""


class EmbeddedAirflow:
    """PostgreSQL, API server, scheduler and DAG processor, all on this machine's loopback or on Unix sockets.

    As a context manager it starts them and stops all of them, also on an exception, and when this program is
    killed. With `keep` they outlive a block that ends well (and this program): stop them by `stop()` of another
    object with the same home. Enter it on the main thread: the kernel ties the services to the thread.

    `allowed_roots` are added to those of `config/airflow.yaml`, for this start only.
    """

    def __init__(
        self,
        home: Path = DEFAULT_HOME,
        *,
        dags_folder: Path = CHECKOUT / "dags",
        plugins_folder: Path = CHECKOUT / "plugins",
        allowed_roots: Sequence[Path] = (),
        parallelism: int | None = None,
        store: str | None = None,
        settings: Settings | None = None,
        keep: bool = False,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        chosen = settings or read_settings()
        self.settings = chosen.model_copy(
            update={
                "allowed_roots": (*chosen.allowed_roots, *(root.resolve() for root in allowed_roots)),
                "parallelism": parallelism or chosen.parallelism,
                "store": store or chosen.store,
            }
        )
        self.layout = layout_of(home)
        self.dags_folder = dags_folder.resolve()
        self.plugins_folder = plugins_folder.resolve()
        self.keep = keep
        self.report = report
        self._supervisor = Supervisor(self.layout)
        self._cpu_seconds = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or not self.keep:
            self.stop()

    @property
    def home(self) -> Path:
        """Folder of this instance: Airflow's home, logs, keys."""
        return self.layout.home

    @property
    def url(self) -> str:
        """Address of the web interface and the API."""
        return f"http://{LOOPBACK}:{read_port(self.home)}"

    @property
    def user(self) -> str:
        """Name of the administrator."""
        return ADMIN

    @property
    def password(self) -> str:
        """Password of the administrator."""
        return load_keys(self.home).password

    def client(self) -> AirflowClient:
        """Open the REST API as the administrator."""
        return AirflowClient(self.url, self.user, self.password)

    def token(self) -> str:
        """Sign in and give the bearer token."""
        with self.client() as client:
            return client.token()

    def start(self) -> None:
        """Start everything and wait until a run can be triggered; on any failure nothing is left running."""
        self.layout.create()
        with locked(self.home):
            # One whose start was killed before the migration is no use: it is started over.
            if self.is_up() and is_migrated(self.layout):
                raise AlreadyRunning(f"Airflow is up already at {self.url} ({self.home})")
            try:
                self._start()
            except BaseException:
                self._stop()
                raise

    def stop(self) -> bool:
        """End every process of the instance; say whether there was any."""
        if not self.home.is_dir():
            return False
        with locked(self.home):
            return self._stop()

    def is_up(self) -> bool:
        """Say whether the supervisor of this home is running."""
        return self._supervisor.pid() is not None

    def services(self) -> dict[str, tuple[str, int]]:
        """State (RUNNING, STARTING, BACKOFF ...) and process id of each service; empty when it is down."""
        return self._supervisor.services() if self.is_up() else {}

    def cpu_seconds(self) -> float:
        """User and system seconds of all services and tasks since the start, those that have ended included."""
        if pid := self._supervisor.pid():
            self._cpu_seconds = max(self._cpu_seconds, processes.cpu_seconds(pid))
        return self._cpu_seconds

    def wait_until_ready(self, seconds: float = START_SECONDS, *, since: datetime | None = None) -> None:
        """Wait until the API answers and scheduler and DAG processor have been heard (after `since`)."""
        with self.client() as client:
            self._wait(lambda: missing_service(client, since), "Airflow is not ready", seconds)

    def wait_for_dag(self, dag_id: str, seconds: float = 60) -> None:
        """Wait until a DAG can be triggered."""
        with self.client() as client:
            self._wait(lambda: missing_dag(client, dag_id), f"there is no DAG {dag_id}", seconds)

    def drop_database(self) -> None:
        """Forget all runs: remove the database of an instance that is stopped."""
        if self.is_up():
            raise AlreadyRunning(f"Airflow is up at {self.url}: stop it first")
        drop_data(self.layout)

    def _wait(self, missing: Callable[[], str | None], failure: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (reason := missing()) is not None:
            if not self.is_up():
                raise ToolMissing(f"Airflow's supervisor has ended; see {self.layout.logs}")
            if time.monotonic() > deadline:
                raise ToolMissing(f"{failure}: {reason}; see {self.layout.logs}")
            time.sleep(0.2)

    def _start(self) -> None:
        processes.end_processes(self.layout)
        keys = load_keys(self.home)
        database = Database(self.layout, keys.instance)
        self.report("preparing the database")
        if database.prepare():
            self.layout.migrated.unlink(missing_ok=True)
        options = airflow_options(
            self.layout,
            keys,
            self.settings,
            port=choose_port(self.home),
            database=database.uri,
            dags=self.dags_folder,
            plugins=self.plugins_folder,
        )
        login = {"url": self.url, "user": self.user, "password": keys.password}
        environment = service_environment(self.layout, self.settings, options)
        login["store"] = environment[STORE_VARIABLE]
        write_private(login_file(self.home), json.dumps(login))
        write_private(
            self.home / "supervisord.conf",
            configuration(self.layout, database.command, database.user and database.user.pw_name),
        )
        self.report("starting PostgreSQL and Airflow's services")
        started = datetime.now(UTC)
        self._supervisor.start(environment, tied_to_us=not self.keep)
        database.wait(30)
        self._supervisor.start_airflow()
        if not is_migrated(self.layout):
            self.report("migrating the database")
            migrate(self.layout, environment)
        self.report("waiting for the API server, the scheduler and the DAG processor")
        self.wait_until_ready(since=started)
        with self.client() as client:
            share_slots(client, self.settings.parallelism)

    def _stop(self) -> bool:
        with uninterrupted():
            self.cpu_seconds()
            was_up = self.is_up()
            self._supervisor.shut_down(STOP_SECONDS)
            return bool(processes.end_processes(self.layout)) or was_up
