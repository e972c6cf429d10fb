"""What the supervisor is to run: the text of supervisord's configuration file."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from media_airflow import tied
from media_airflow.embedded.layout import Layout

AIRFLOW_SERVICES = ("api-server", "dag-processor", "scheduler")
GROUP = "airflow"
DATABASE = "postgres"

HEADER = """\
[unix_http_server]
file = {control}
chmod = 0700
[supervisord]
nodaemon = true
directory = {home}
pidfile = {home}/supervisor.pid
logfile = {logs}/supervisor.log
logfile_maxbytes = 1MB
logfile_backups = 1
{user}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

# A service that lives for a second counts as started and is restarted at once whenever it ends. Only quicker
# deaths are tried again with growing pauses, and never given up.
PROGRAM = """\
[program:{name}]
command = {command}
directory = {folder}
autostart = {autostart}
autorestart = true
startsecs = 1
startretries = 1000000
stopsignal = {stopsignal}
stopwaitsecs = {stopwaitsecs}
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 5MB
stdout_logfile_backups = 1
"""


def configuration(layout: Layout, database: list[str], database_user: str | None) -> str:
    """Write what supervisord is to run. Nothing secret is in it."""
    logs = escape(layout.logs)
    programs = [
        PROGRAM.format(
            name=DATABASE,
            command=command([*tied_command("SIGINT", database_user), *database]),
            folder=escape(layout.data),
            autostart="true",
            stopsignal="INT",
            stopwaitsecs=10,
            logs=logs,
        )
    ]
    for name in AIRFLOW_SERVICES:
        programs.append(
            PROGRAM.format(
                name=name,
                command=command([sys.executable, "-P", "-m", "media_airflow.embedded.service", name]),
                folder=escape(layout.home),
                autostart="false",
                stopsignal="TERM",
                # The scheduler waits for its tasks to end; a stop is no time to finish a video.
                stopwaitsecs=3 if name == "scheduler" else 10,
                logs=logs,
            )
        )
    user = "user = root" if layout.as_root else ""
    header = HEADER.format(control=escape(layout.control_socket), home=escape(layout.home), logs=logs, user=user)
    return "\n".join([header, *programs, f"[group:{GROUP}]", f"programs = {','.join(AIRFLOW_SERVICES)}", ""])


def tied_command(how: str, user: str | None = None) -> list[str]:
    """Build the beginning of a command that ends with its parent."""
    start = [sys.executable, "-I", "-S", str(Path(tied.__file__).resolve()), "--signal", how]
    return [*start, "--user", user] if user else start


def escape(path: Path) -> str:
    """Write a path as supervisor's file wants it."""
    return str(path).replace("%", "%%")


def command(parts: list[str]) -> str:
    """Write a command as supervisor's file wants it."""
    return shlex.join(parts).replace("%", "%%")
