from __future__ import annotations

import os
import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest

from media_airflow.embedded.configuration import configuration
from media_airflow.embedded.environment import airflow_options, service_environment
from media_airflow.embedded.keys import Keys, load_keys
from media_airflow.embedded.layout import Layout, layout_of
from media_airflow.embedded.settings import Settings


@pytest.fixture
def layout() -> Layout:
    return layout_of(Path("/srv/100% air flow"), as_root=False)


def environment_of(layout: Layout, settings: Settings, keys: Keys) -> dict[str, str]:
    paths = {"dags": Path("/repo/dags"), "plugins": Path("/repo/plugins")}
    options = airflow_options(layout, keys, settings, port=4242, database="postgresql://", **paths)
    return service_environment(layout, settings, options)


def test_services_stay_on_the_loopback_and_nobody_is_anonymous(layout: Layout) -> None:
    environment = environment_of(layout, Settings(), Keys())
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__API__PORT"] == "4242"
    assert environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert "127.0.0.1" in environment["NO_PROXY"]


def test_the_operators_contract(layout: Layout) -> None:
    settings = Settings(allowed_roots=(Path("/a"), Path("/b")), preload=("av",))
    environment = environment_of(layout, settings, Keys())
    assert environment["MEDIA_OPS_ALLOWED_ROOTS"] == os.pathsep.join(["/a", "/b"])
    assert environment["MEDIA_OPS_STORE"] == str(layout.home / "store")
    assert environment["MEDIA_OPS_PRELOAD"] == "av"
    assert environment["MEDIA_OPS_CACHE"] == str(layout.home / "cache")
    assert environment["MEDIA_OPS_CACHE_BYTES"] == str(20 * 2**30)


def test_an_operators_option_wins_over_ours(layout: Layout) -> None:
    settings = Settings(options={"workers": {"min_heartbeat_interval": 9}, "email": {"from_email": "a@b.c"}})
    environment = environment_of(layout, settings, Keys())
    assert environment["AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL"] == "9"
    assert environment["AIRFLOW__WORKERS__SOCKET_CLEANUP_TIMEOUT"] == "5"
    assert environment["AIRFLOW__EMAIL__FROM_EMAIL"] == "a@b.c"


def test_the_callers_airflow_does_not_leak_in(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "True")
    monkeypatch.setenv("AIRFLOW_CONFIG", "/elsewhere.cfg")
    environment = environment_of(layout, Settings(), Keys())
    assert environment["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert "AIRFLOW_CONFIG" not in environment


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    keys = load_keys(tmp_path)
    assert load_keys(tmp_path) == keys
    assert len({keys.password, keys.jwt, keys.api, keys.fernet, keys.instance}) == 5
    for name in ("keys.json", "passwords.json"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert keys.password not in str(keys)


def test_the_supervisors_file_survives_odd_paths_and_holds_no_secret(layout: Layout) -> None:
    keys = Keys()
    parser = ConfigParser(interpolation=None, inline_comment_prefixes=(";", "#"))
    text = configuration(layout, ["/bin/postgres", "-D", str(layout.data)], None)
    parser.read_string(text)
    assert not [secret for secret in keys.model_dump().values() if str(secret) in text]
    assert set(parser.sections()) >= {"program:postgres", "program:scheduler", "group:airflow"}
    assert "inet_http_server" not in parser
    # supervisor fills in %(names)s, so a plain percent sign is doubled.
    assert parser["program:scheduler"]["directory"] % {} == str(layout.home)
    assert str(layout.data) in shlex.split(parser["program:postgres"]["command"] % {})
