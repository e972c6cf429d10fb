"""The API server's port, the same at every start as long as nobody else has taken it."""

from __future__ import annotations

import socket
from pathlib import Path

from media_airflow.embedded.environment import LOOPBACK
from media_airflow.embedded.keys import write_private
from media_ops.errors import ToolMissing


def read_port(home: Path) -> int:
    """Read the port of the running or last instance at `home`."""
    try:
        return int((home / "port").read_text())
    except FileNotFoundError as error:
        raise ToolMissing(f"no Airflow was ever started in {home}") from error


def choose_port(home: Path) -> int:
    """Take the port of the last start, for bookmarks' sake, or a free one, and remember it."""
    if (home / "port").exists() and is_free(last := read_port(home)):
        return last
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    write_private(home / "port", str(port))
    return port


def is_free(port: int) -> bool:
    """Say whether the port can be bound, as the API server binds it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
