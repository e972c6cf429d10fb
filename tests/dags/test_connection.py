"""Tasks that know the object store from an Airflow connection, on a real server whose roles and signatures count."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_airflow.connection import VARIABLE, connected, settings_of
from media_ops.errors import MediaError, StoreRefused, StoreUnavailable
from media_ops.storage import open_store
from media_ops.storage.s3 import S3Store
from media_ops.storage.s3_settings import S3Settings
from tests.dags.conftest import HOME, Place, Run
from tests.storage.chosen import SERVER
from tests.storage.role import ROLE, connection_to, make_role
from tests.storage.server import BUCKET, Server

pytestmark = [pytest.mark.airflow, pytest.mark.s3]

OURS = ("ENDPOINT", "REGION", "ACCESS_KEY", "SECRET_KEY", "SESSION_TOKEN", "SECURE", "CA_FILE")
Name = Callable[..., None]


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no credentials in the environment, nor a machine's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")] + [f"MEDIA_OPS_S3_{name}" for name in OURS]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture
def role(s3_server: Server) -> str:
    """Make the role that the tests' user may take on."""
    return make_role(s3_server)


@pytest.fixture
def name(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> Name:
    """Give what makes the connection `store`, to the server unless said otherwise, and names it in the setting."""

    def name(conn_type: str = "aws", **changed: Any) -> None:
        said = connection_to(s3_server)
        said["conn_type"] = conn_type
        said["extra"] = {name: value for name, value in (said["extra"] | changed).items() if value is not None}
        monkeypatch.setenv("AIRFLOW_CONN_STORE", json.dumps(said))
        monkeypatch.setenv(VARIABLE, "store")

    return name


def test_a_job_works_with_what_the_connection_says(
    run: Callable[..., Run],
    place: Place,
    clip: Path,
    role: str,
    name: Name,
    s3_server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = f"{uuid.uuid4().hex}/clip.mp4"
    S3Store(s3_server.settings, BUCKET).put(source, clip.read_bytes())
    monkeypatch.setenv("MEDIA_OPS_S3_BUCKETS", BUCKET)
    name(role_arn=role)
    given: list[str] = []
    from botocore.credentials import RefreshableCredentials

    frozen = RefreshableCredentials.get_frozen_credentials

    def noted(credentials: Any) -> Any:
        found = frozen(credentials)
        given.extend(found[1:3])
        return found

    monkeypatch.setattr(RefreshableCredentials, "get_frozen_credentials", noted)
    done = run(source=f"s3://{BUCKET}/{source}", output=str(place.root / "out.mp4"), segments=2)
    assert done.state == "success", done.outcome
    assert len(set(given)) == 2 * 8, "each of the seven tasks asks for credentials of its own, and `notify` twice"
    assert not [variable for variable in os.environ if variable.startswith("MEDIA_OPS_S3_SE")]
    secret = s3_server.settings.secret_key
    assert secret is not None
    files = [path for folder in (HOME, place.store, place.root) for path in folder.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files) + "".join([*capfd.readouterr(), caplog.text]).encode()
    assert b"out.mp4" in written
    for one in {*given, secret.get_secret_value()}:
        assert one.encode() not in written


def test_the_providers_sensor_sees_what_is_handed_in_by_the_same_connection(
    name: Name, role: str, s3_server: Server, database: None
) -> None:
    from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

    name(role_arn=role)
    prefix = uuid.uuid4().hex
    sensor = S3KeySensor(
        task_id="wait", bucket_key=f"s3://{BUCKET}/{prefix}/*.mov", wildcard_match=True, aws_conn_id="store"
    )
    assert sensor.poke({}) is False
    S3Store(s3_server.settings, BUCKET).put(f"{prefix}/film.mov", b"film")
    assert sensor.poke({}) is True


def clip_in(place: Place, clip: Path) -> Path:
    path = place.root / "clip.mp4"
    path.write_bytes(clip.read_bytes())
    return path


def test_child_processes_know_it_and_nobody_afterwards(
    name: Name, role: str, s3_server: Server, database: None
) -> None:
    name(role_arn=role)
    program = "import sys; from media_ops.storage import open_store; open_store(sys.argv[1]).put('x', b'1')"
    command = [sys.executable, "-c", program, f"s3://{BUCKET}/{uuid.uuid4().hex}"]
    os.environ["MEDIA_OPS_S3_SESSION_TOKEN"] = "of somebody else"
    try:
        with connected():
            said = S3Settings.from_environment()
            subprocess.run(command, check=True)
        assert said.session_token is not None
        assert said.access_key != s3_server.settings.access_key
        assert os.environ["MEDIA_OPS_S3_SESSION_TOKEN"] == "of somebody else"
    finally:
        del os.environ["MEDIA_OPS_S3_SESSION_TOKEN"]
    assert "MEDIA_OPS_S3_SECRET_KEY" not in os.environ


def test_a_connection_without_a_role_takes_no_token_from_around(
    name: Name, database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name()
    monkeypatch.setenv("MEDIA_OPS_S3_SESSION_TOKEN", "of somebody else")
    with connected():
        assert S3Settings.from_environment().session_token is None
        open_store(f"s3://{BUCKET}/{uuid.uuid4().hex}").put("x", b"1")


def test_what_it_does_not_say_of_the_place_is_left_to_the_environment(
    name: Name, database: None, s3_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = tmp_path / "authority.pem"
    name(endpoint_url=None, region_name=None, verify=str(authority))
    monkeypatch.setenv("MEDIA_OPS_S3_ENDPOINT", s3_server.address)
    monkeypatch.setenv("MEDIA_OPS_S3_REGION", "eu-west-9")
    with connected():
        said = S3Settings.from_environment()
    assert (said.endpoint, said.secure) == (s3_server.address.removeprefix("http://"), False)
    assert (said.region, said.ca_file) == ("eu-west-9", str(authority))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"conn_type": "http"}, "is of type 'http', not 'aws'"),
        (
            {"role_arn": "arn:aws:iam::000000000000:role/none"},
            "its role is not given to us: " + ("NoSuchEntity" if SERVER == "radosgw" else "AccessDenied"),
        ),
        ({"verify": False}, "not to verify certificates"),
        ({"endpoint_url": "http://somewhere/below"}, "endpoint must be a host"),
        ({"profile_name": "nobody"}, "ProfileNotFound"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(
    name: Name, database: None, changed: dict[str, Any], words: str
) -> None:
    name(**changed)
    began = time.monotonic()
    with pytest.raises(StoreRefused, match="connection 'store'") as refused:
        settings_of("store")
    assert words in str(refused.value)
    assert time.monotonic() - began < 10


def test_a_connection_that_there_is_not_is_refused(database: None) -> None:
    with pytest.raises(StoreRefused, match="'nowhere': there is none of that name"):
        settings_of("nowhere")


def test_a_service_that_does_not_answer_is_worth_another_try(name: Name, database: None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    name(role_arn=ROLE, service_config={"sts": {"endpoint_url": nobody}})
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="EndpointConnectionError"):
        settings_of("store")
    assert time.monotonic() - began < 20


def test_a_refused_connection_fails_the_run_without_a_retry(
    run: Callable[..., Run], place: Place, clip: Path, name: Name, monkeypatch: pytest.MonkeyPatch
) -> None:
    name(role_arn="arn:aws:iam::000000000000:role/none")
    monkeypatch.setenv("MEDIA_OPS_STORE", f"s3://{BUCKET}/{uuid.uuid4().hex}")
    done = run(source=str(clip_in(place, clip)), output=str(place.root / "out.mp4"))
    assert done.state == "failed"
    assert [error["code"] for error in done.outcome["errors"]] == ["store_refused"]
    assert done.tries("probe") == [1]


def test_no_secret_is_in_an_error(name: Name, database: None) -> None:
    name(role_arn=ROLE, endpoint_url=7, config_kwargs="secret")
    with pytest.raises(MediaError) as refused:
        settings_of("store")
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
