"""`media status`, `trace` and `cancel` where there is nothing to speak to; tests/e2e has the rest."""

from __future__ import annotations

import json
import socket

import pytest

from tests.cli.conftest import Media


@pytest.mark.parametrize("command", ["status", "trace", "cancel"])
def test_without_an_airflow_the_world_is_at_fault(command: str, media: Media) -> None:
    done = media(command, "job")
    assert done.returncode == 3
    assert "MEDIA_OPS_AIRFLOW_URL" in done.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = media(command, "job", "--json", MEDIA_OPS_AIRFLOW_URL=address)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "api_unavailable"
    assert f"no answer from {address}" in done.stderr
