"""Free an executor slot as soon as its task has ended.

Airflow's task supervisor waits for its child's sockets with a time-out of one heartbeat. A child that closes
them a moment before it can be reaped leaves nothing to wait on, so the slot stays busy for the whole
heartbeat: 9 to 25 s instead of 4 s for 18 short tasks on 2 slots. With no socket left, we ask for the exit
every 20 ms.
"""

from __future__ import annotations

import importlib.metadata
import logging
from typing import Any

log = logging.getLogger(__name__)

TESTED_WITH = {"apache-airflow-core": "3.3.2", "apache-airflow-task-sdk": "1.3.2"}
POLL_SECONDS = 0.02


def patch_supervisor() -> bool:
    """Patch the supervisor of this process; say whether it was done.

    The patched method is private: with other versions than the tested ones nothing is touched.
    """
    found = {name: importlib.metadata.version(name) for name in TESTED_WITH}
    if found != TESTED_WITH:
        log.warning("Task slots may stay busy for one heartbeat: no patch for %s", found)
        return False

    from airflow.sdk.execution_time.supervisor import WatchedSubprocess

    original = WatchedSubprocess._service_subprocess
    if getattr(original, "polls_for_exit", False):
        return True

    def service_subprocess(self: Any, max_wait_time: float, *args: Any, **kwargs: Any) -> int | None:
        if self._exit_code is None and not self._open_sockets:
            max_wait_time = min(max_wait_time, POLL_SECONDS)
        exit_code: int | None = original(self, max_wait_time, *args, **kwargs)
        return exit_code

    service_subprocess.polls_for_exit = True  # type: ignore[attr-defined]
    WatchedSubprocess._service_subprocess = service_subprocess  # type: ignore[method-assign]
    return True
