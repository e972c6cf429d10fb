"""The command: `python -m media_airflow.embedded up|down|status`."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
from pathlib import Path

from media_airflow.embedded.instance import DEFAULT_HOME, AlreadyRunning, EmbeddedAirflow
from media_ops.errors import MediaError

INTERRUPTED = 130


def main() -> int:
    """Run the command line; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m media_airflow.embedded", description=__doc__)
    parser.add_argument("verb", choices=["up", "down", "status"])
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="folder of the instance (%(default)s)")
    parser.add_argument("--drop", action="store_true", help="down: also remove the database, with all its runs")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        if options.verb == "up":
            return up(options.home)
        return down(options.home, options.drop) if options.verb == "down" else status(options.home)
    except MediaError as error:
        print(f"{options.verb}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{options.verb}: interrupted", file=sys.stderr)
        return INTERRUPTED


def up(home: Path) -> int:
    """Start Airflow and leave it running."""
    started = time.monotonic()
    airflow = EmbeddedAirflow(
        home, keep=True, report=lambda line: print(f"{time.monotonic() - started:5.1f} s  {line}", flush=True)
    )
    try:
        airflow.start()
        print(f"{time.monotonic() - started:5.1f} s  Airflow is ready", flush=True)
    except AlreadyRunning:
        airflow.wait_until_ready()
        print("Airflow is up already")
    print_access(airflow)
    return 0


def down(home: Path, drop: bool) -> int:
    """Stop Airflow, whatever is left of it."""
    airflow = EmbeddedAirflow(home)
    print("Airflow is stopped" if airflow.stop() else "Airflow was not running")
    if drop:
        airflow.drop_database()
    return 0


def status(home: Path) -> int:
    """Print the services; exit status 0 when all of them run, else 1."""
    airflow = EmbeddedAirflow(home)
    services = airflow.services()
    if not services:
        print("Airflow is not running")
        return 1
    for name, (state, pid) in services.items():
        print(f"{name:<15}{state:<10}{pid or ''}")
    print_access(airflow)
    return 0 if all(state == "RUNNING" for state, _ in services.values()) else 1


def print_access(airflow: EmbeddedAirflow) -> None:
    """Print how to reach, watch and stop it."""
    print(f"\n  address   {airflow.url}\n  user      {airflow.user}\n  password  {airflow.password}")
    stop = "make down"
    if airflow.home != DEFAULT_HOME:
        stop = shlex.join([sys.executable, "-m", "media_airflow.embedded", "down", "--home", str(airflow.home)])
    print(f"  logs      {airflow.layout.logs}\n  to stop   {stop}")


if __name__ == "__main__":
    sys.exit(main())
