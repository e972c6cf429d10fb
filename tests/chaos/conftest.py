"""One Airflow for all rows; what was seen is written to `build/chaos.json` and printed as a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from media_airflow.embedded import EmbeddedAirflow
from tests.chaos.kills import STALL_SECONDS, small_disk
from tests.chaos.stage import Stage, make_film, store_of

REPORT = Path(__file__).parents[2] / "build" / "chaos.json"


@dataclass(frozen=True)
class Seen:
    """What a row of the report says."""

    kill: str
    moment: str
    seconds_to_retry: float | None
    recomputed: int
    orphans: int
    proof: bool


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []


ROWS = pytest.StashKey[list[Seen]]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table, and write it."""
    rows = config.stash.get(ROWS, [])
    if not rows:
        return
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    terminalreporter.section(f"chaos: {len(rows)} rows, {REPORT.name}")
    terminalreporter.write_line(f"{'kill':<28}{'moment':<22}{'retry, s':>9}{'again':>7}{'orphans':>9}  proof")
    for row in rows:
        retry = "" if row.seconds_to_retry is None else f"{row.seconds_to_retry:.1f}"
        proof = "yes" if row.proof else "NO"
        line = f"{row.kill:<28}{row.moment:<22}{retry:>9}{row.recomputed:>7}{row.orphans:>9}  {proof}"
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Start Airflow with a stall time of seconds, and with disks that can be filled."""
    base = tmp_path_factory.mktemp("chaos")
    folder, temporary, home = base / "films", base / "tmp", base / "airflow"
    for path in (folder, temporary):
        path.mkdir()
    stores = base / "stores"
    said = {
        "TMPDIR": str(temporary),
        "MEDIA_OPS_STALL_SECONDS": str(STALL_SECONDS),
        "MEDIA_OPS_RESIDENT_BYTES": "1GiB",
        "MEDIA_OPS_ALGORITHMS": str(Path(__file__).parent / "algorithms"),
    }
    before = {name: os.environ.get(name) for name in said}
    os.environ |= said
    try:
        with small_disk(stores / "media-segment"), small_disk(stores / "media-result"):
            airflow = EmbeddedAirflow(home, allowed_roots=[folder], parallelism=2, store=str(stores))
            with airflow:
                for dag_id in ("transcode_h264", "misbehaving"):
                    airflow.wait_for_dag(dag_id)
                make_film(folder / "plain.mp4", "")
                yield Stage(airflow, folder, temporary, store_of(str(stores)))
            airflow.drop_database()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
