"""What is handed in to an object store, which a connection of Airflow's names, on really started services."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped, unused-ignore]
import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from media_airflow.embedded.database import NAME
from media_airflow.embedded.database import ROLE as DATABASE_ROLE
from media_airflow.embedded.layout import Layout
from media_ops.storage.s3 import S3Store
from media_ops.storage.s3_client import connect
from tests.conftest import Clip
from tests.storage.conftest import server as server
from tests.storage.role import connection_to, make_role
from tests.storage.server import BUCKET, Server

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

DAG = "transcode_h264"
PREFIX = f"{uuid.uuid4().hex[:8]}/"


@pytest.fixture(scope="module")
def airflow(server: Server, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    said = tmp_path_factory.mktemp("said")
    roles = {"source": BUCKET, "result": f"result-{PREFIX[:8]}", "segment": f"segment-{PREFIX[:8]}"}
    for name in (roles["result"], roles["segment"]):
        connect(server.settings)[0].make_bucket(name)
    (said / "storage.json").write_text(json.dumps({"home": "s3://"} | {k: {"store": v} for k, v in roles.items()}))
    rule = {"name": "films", "prefix": PREFIX, "algorithm": DAG, "output": f"{folder}/{{stem}}.mp4"}
    (said / "incoming.json").write_text(json.dumps({"rules": [rule]}))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "MEDIA_OPS_S3_"))]:
            patch.delenv(name)
        patch.setenv("MEDIA_OPS_STORAGE_CONFIG", str(said / "storage.json"))
        patch.setenv("MEDIA_OPS_INCOMING_CONFIG", str(said / "incoming.json"))
        patch.setenv("MEDIA_OPS_S3_CONNECTION", "objects")
        patch.setenv("MEDIA_OPS_S3_BUCKETS", BUCKET)
        patch.setenv("MEDIA_OPS_PRESIGN", "1")
        home = tmp_path_factory.mktemp("airflow")
        with EmbeddedAirflow(home, allowed_roots=[folder], parallelism=2) as started:
            started.wait_for_dag(DAG)
            started.wait_for_dag("incoming")
            yield started
        started.drop_database()


@pytest.fixture
def client(airflow: EmbeddedAirflow, server: Server) -> Iterator[AirflowClient]:
    with airflow.client() as opened:
        said = connection_to(server)
        extra = json.dumps(said["extra"] | {"role_arn": make_role(server)})
        opened._json("POST", "/api/v2/connections", json={"connection_id": "objects", **said, "extra": extra})
        yield opened


def test_a_film_that_is_handed_in_is_processed_and_no_secret_is_left(
    airflow: EmbeddedAirflow, client: AirflowClient, server: Server, folder: Path, clip: Clip
) -> None:
    S3Store(server.settings, BUCKET).put(f"{PREFIX}my film.mp4", clip("plain.mp4").read_bytes())
    run = wait_for_run(client)
    assert run["conf"]["source"] == f"s3://{BUCKET}/{PREFIX}my film.mp4"
    ended = client.wait(DAG, run["dag_run_id"], 120)
    assert ended["state"] == "success"
    assert (folder / "my film.mp4").stat().st_size > 0
    secret = server.settings.secret_key
    assert secret is not None
    everything = rows(airflow.layout) + b"".join(
        path.read_bytes() for top in (airflow.home, folder) for path in top.rglob("*") if path.is_file()
    )
    assert b"my film.mp4" in everything
    # As ministack's tokens and their keys begin.
    for token in (secret.get_secret_value(), "FwoGZX", "ASIA", "X-Amz-Signature"):
        assert token.encode() not in everything


def wait_for_run(client: AirflowClient) -> dict[str, Any]:
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        if runs := client.get(f"/api/v2/dags/{DAG}/dagRuns")["dag_runs"]:
            return dict(runs[0])
        time.sleep(1)
    raise AssertionError(f"no run was started; {client.get('/api/v2/dags/incoming/dagRuns')}")


def rows(layout: Layout) -> bytes:
    """Give all that the database holds, as text."""
    with psycopg2.connect(host=str(layout.database_socket), user=DATABASE_ROLE, dbname=NAME) as database:
        cursor = database.cursor()
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'select t::text from "{table}" t')
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found).encode()
