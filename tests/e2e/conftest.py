"""What files of tests on a really started Airflow share; each of them starts its own `airflow`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What jobs may read and write, beside the DAGs."""
    return tmp_path_factory.mktemp("allowed")


@pytest.fixture(scope="module")
def client(airflow: EmbeddedAirflow) -> Iterator[AirflowClient]:
    with airflow.client() as opened:
        yield opened
