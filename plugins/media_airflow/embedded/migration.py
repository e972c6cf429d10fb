"""Bring the database to the shape that this version of Airflow wants."""

from __future__ import annotations

import subprocess
import sys

from media_airflow.embedded.environment import airflow_version
from media_airflow.embedded.keys import write_private
from media_airflow.embedded.layout import Layout
from media_ops.errors import ToolMissing


def is_migrated(layout: Layout) -> bool:
    """Say whether the database was migrated for this version before."""
    return layout.migrated.exists() and layout.migrated.read_text() == airflow_version()


def migrate(layout: Layout, environment: dict[str, str]) -> None:
    """Migrate the database (7 to 10 s), and let the services that wait for it go on."""
    log = layout.logs / "migration.log"
    with open(log, "wb") as output:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "airflow", "db", "migrate"],
            env=environment,
            cwd=layout.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise ToolMissing(f"the database could not be migrated; see {log}")
    write_private(layout.migrated, airflow_version())
