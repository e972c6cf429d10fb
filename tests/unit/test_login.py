"""Where Airflow is: the environment says it, or the file that the embedded one writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_ops.errors import ParamsInvalid, ToolMissing
from media_ops.remote.login import Login, connect

SAID = {"url": "http://127.0.0.1:8080", "user": "admin", "password": "from the file"}


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("URL", "USER", "PASSWORD", "LOGIN"):
        monkeypatch.delenv(f"MEDIA_OPS_AIRFLOW_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_embedded_airflow_is_found(tmp_path: Path) -> None:
    file = tmp_path / "build" / "airflow" / "login.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(SAID))
    with connect() as client:
        assert (client.url, client._login) == (SAID["url"], {"username": "admin", "password": "from the file"})


def test_what_the_environment_says_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "login").write_text(json.dumps(SAID))
    monkeypatch.setenv("MEDIA_OPS_AIRFLOW_LOGIN", str(tmp_path / "login"))
    monkeypatch.setenv("MEDIA_OPS_AIRFLOW_PASSWORD", "of the environment")
    with connect() as client:
        assert (client.url, client._login["password"]) == (SAID["url"], "of the environment")
    assert "of the environment" not in repr(Login())


def test_there_is_none() -> None:
    with pytest.raises(ToolMissing, match="is one up"):
        connect()


@pytest.mark.parametrize("content", ["no JSON", "[]"])
def test_a_file_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    (tmp_path / "login").write_text(content)
    monkeypatch.setenv("MEDIA_OPS_AIRFLOW_LOGIN", str(tmp_path / "login"))
    with pytest.raises(ParamsInvalid, match="MEDIA_OPS_AIRFLOW_LOGIN"):
        connect()
