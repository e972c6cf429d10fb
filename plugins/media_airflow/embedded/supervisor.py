"""The supervisor that runs and restarts the services, and how it is told what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xmlrpc.client
from typing import Any, cast

import psutil  # type: ignore[import-untyped, unused-ignore]

from media_airflow import tied
from media_airflow.embedded.configuration import GROUP, tied_command
from media_airflow.embedded.layout import Layout
from media_ops.errors import ToolMissing

SUPERVISORD = ("-P", "-m", "supervisor.supervisord", "-c")


class Supervisor:
    """The supervisord of one instance."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, environment: dict[str, str], *, tied_to_us: bool) -> None:
        """Start it in a session of its own, which Ctrl-C does not reach; perhaps to end when we do."""
        owner = os.getpid() if tied_to_us else 0
        configured = self.layout.home / "supervisord.conf"
        with open(self.layout.logs / "supervisor.out", "wb") as out:
            self.process = subprocess.Popen(
                [*tied_command("SIGTERM"), sys.executable, *SUPERVISORD, str(configured)],
                env={**environment, tied.PARENT_VARIABLE: str(owner)},
                cwd=self.layout.home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 15
        while self.pid() is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = (self.layout.logs / "supervisor.out").read_text(errors="replace")
                raise ToolMissing(f"the supervisor did not start: {text.strip()}")
            time.sleep(0.05)

    def start_airflow(self) -> None:
        """Let Airflow's services run from now on."""
        self._call("startProcessGroup", GROUP, False)

    def pid(self) -> int | None:
        """Process id of the running supervisor, whoever started it; None if there is none."""
        try:
            return cast("int", self._call("getPID"))
        except (OSError, xmlrpc.client.Error):
            return None

    def services(self) -> dict[str, tuple[str, int]]:
        """State and process id of each service, by name."""
        rows = cast("list[dict[str, Any]]", self._call("getAllProcessInfo"))
        return {row["name"]: (row["statename"], row["pid"]) for row in rows}

    def shut_down(self, seconds: float) -> None:
        """Stop all services in order, then the supervisor; return early once it is gone."""
        pid = self.pid()
        if pid is None:
            return
        try:
            self._call("shutdown")
        except (OSError, xmlrpc.client.Error):
            return
        if self.process is not None and self.process.pid == pid:
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                return
        elif psutil.pid_exists(pid):
            psutil.wait_procs([psutil.Process(pid)], timeout=seconds)

    def _call(self, method: str, *arguments: object) -> object:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.layout.control_socket}")
        try:
            proxy = xmlrpc.client.ServerProxy(f"http://{GROUP}", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()
