"""The executor of one machine: Airflow's LocalExecutor, tuned, leaving no process behind."""

from __future__ import annotations

import importlib
import logging
import os

from airflow.executors.local_executor import LocalExecutor

from media_airflow.supervisor_patch import patch_supervisor
from media_airflow.tied import tie_forks

log = logging.getLogger(__name__)

PRELOAD_VARIABLE = "MEDIA_OPS_PRELOAD"


class TiedLocalExecutor(LocalExecutor):
    """Run tasks in processes that die with the scheduler.

    A scheduler killed by the kernel leaves its workers and their tasks running beside their own retries:
    two writers for up to 8 s. Tied ones are gone at once. `MEDIA_OPS_PRELOAD` names modules, separated by
    commas, that the scheduler imports once instead of every task.
    """

    # The log server would listen on all interfaces; the API server reads the same files from disk.
    serve_logs = False

    def start(self) -> None:
        """Prepare this process, then fork the workers from it."""
        preload(os.environ.get(PRELOAD_VARIABLE, ""))
        patch_supervisor()
        tie_forks()
        super().start()


def preload(names: str) -> None:
    """Import the modules named in `names`, separated by commas; one that is missing is only reported."""
    for name in filter(None, map(str.strip, names.split(","))):
        try:
            importlib.import_module(name)
        except ImportError as error:
            log.warning("%s is not imported ahead of the tasks: %s", name, error)
