"""One of Airflow's services, as the supervisor runs it: `python -m media_airflow.embedded.service NAME`.

It ends when the supervisor ends. It starts working only when what it needs is there, so that all services
can be started together and restarted in any order: the database migrated, and for the scheduler an API server
that has built its task interface. Tasks sent out before that would use up their tries.
"""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from media_airflow.embedded.environment import airflow_version
from media_airflow.tied import PARENT_VARIABLE, die_with_parent, tie_forks

# Imported before waiting: on a new database this runs beside the migration.
AHEAD = {
    "api-server": ["airflow.api_fastapi.core_api.app", "airflow.api_fastapi.execution_api.app"],
    "dag-processor": ["airflow.jobs.dag_processor_job_runner"],
    "scheduler": ["airflow.jobs.scheduler_job_runner", "airflow.sdk.execution_time.supervisor"],
}
ARGUMENTS = {"api-server": [], "dag-processor": [], "scheduler": ["--skip-serve-logs"]}


def wait_for_migration(marker: Path) -> None:
    """Wait until the database is ready for this version of Airflow."""
    while not (marker.exists() and marker.read_text() == airflow_version()):
        time.sleep(0.1)


def wait_for_task_interface(url: str) -> None:
    """Wait until the API server answers tasks; it computes for 3 s before its first answer."""
    # A proxy of the environment has no business on the loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(f"{url}/execution/health", timeout=60):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)


def collect_garbage() -> None:
    """Collect garbage from now on, never again looking at what is there already."""
    gc.freeze()
    gc.enable()


def warm_up(url: str) -> None:
    """Have the API server ask itself, so that no task waits for its first answer."""
    wait_for_task_interface(url)
    collect_garbage()


def main(name: str) -> None:
    """Wait for what the service needs, then be it."""
    die_with_parent(int(os.environ.get(PARENT_VARIABLE) or os.getppid()))
    # Millions of objects are made that all stay: looking for garbage among them takes a fifth of the start.
    gc.disable()
    for module in AHEAD[name]:
        importlib.import_module(module)
    wait_for_migration(Path(os.environ["AIRFLOW_HOME"]) / "migrated")
    url = os.environ["AIRFLOW__API__BASE_URL"]
    if name == "api-server":
        threading.Thread(target=warm_up, args=[url], daemon=True).start()
    else:
        collect_garbage()
    if name == "dag-processor":
        # The scheduler's forks are tied by its executor; the API server has none.
        tie_forks()
    if name == "scheduler":
        wait_for_task_interface(url)
    sys.argv = ["airflow", name, *ARGUMENTS[name]]
    runpy.run_module("airflow", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1])
