"""`docker-compose.yaml` and `Dockerfile`, which no machine of ours can run: what they name must exist."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from media_ops.settings import Settings
from media_ops.storage.roles import read_stores

REPOSITORY = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
VARIABLE = re.compile(r"\$\{(\w+)(:[?-])?([^}]*)\}")
HOME = "/opt/media-ops"  # where the Dockerfile puts the checkout


def texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in [str(key), *texts(value)]]
    return [text for one in node for text in texts(one)] if isinstance(node, list) else [str(node)]


def our_variables() -> set[str]:
    """What our code reads: each name spelled in it, and the fields of the settings classes."""
    from media_ops.remote.login import Login
    from media_ops.storage.s3_settings import S3Settings

    known = {f"MEDIA_OPS_{name.upper()}" for name in Settings.model_fields}
    known |= {f"MEDIA_OPS_S3_{name.upper()}" for name in S3Settings.model_fields}
    known |= {f"MEDIA_OPS_AIRFLOW_{name.upper()}" for name in Login.model_fields}
    for path in [*REPOSITORY.glob("media_ops/**/*.py"), *REPOSITORY.glob("plugins/**/*.py")]:
        known |= set(re.findall(r'"(MEDIA_OPS_[A-Z_]+)"', path.read_text()))
    return known


def test_the_services_are_those_of_airflow_and_what_they_want() -> None:
    airflow = {"api-server", "scheduler", "dag-processor", "triggerer", "worker", "watchdog", "init"}
    assert set(SERVICES) == airflow | {"postgres", "redis", "s3"}
    assert set(OURS) == airflow


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_pinned_watched_and_restarted(name: str) -> None:
    service = SERVICES[name]
    tag = service["image"].rpartition(":")[2]
    assert re.search(r"\d+\.\d+|\d{4}-\d\d-\d\dT", tag), service["image"]
    assert service["restart"] == ("no" if name == "init" else "unless-stopped")
    check = service["healthcheck"]
    assert check == {"disable": True} if name == "init" else check["test"] and check["interval"] and check["timeout"]
    assert {one.partition(":")[0] for one in service.get("volumes", [])} <= set(COMPOSE["volumes"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_may_do_little(name: str) -> None:
    assert OURS[name]["cap_drop"] == ["ALL"]
    assert OURS[name]["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in OURS[name]  # the image's


def test_each_secret_must_be_given() -> None:
    wanted = set()
    for text in texts(COMPOSE):
        for name, how, _ in VARIABLE.findall(text):
            assert how, f"{name} may be missing without a word"
            wanted |= {name} if how == ":?" else set()
            assert how == ":?" or not re.search("PASSWORD|SECRET|KEY", name)
    example = (REPOSITORY / ".env.example").read_text()
    assert set(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE)) == {(name, "") for name in wanted}
    spoken_of = set(re.findall(r"^#? ?(\w+)=", example, re.MULTILINE))
    assert {name for text in texts(COMPOSE) for name, _, _ in VARIABLE.findall(text)} == spoken_of


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD$|SECRET|KEY$|ROOT_USER|CONN$|BROKER_URL|BACKEND", name):
                left = VARIABLE.sub("", str(value))
                assert re.fullmatch(r"|[a-z0-9+]+://(airflow)?:@:\d+/\w+", left), name
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()
    assert ".env" in ignored
    assert ".env" not in (REPOSITORY / ".dockerignore").read_text().replace("!", "").splitlines()


def test_our_variables_are_read_by_our_code() -> None:
    known = our_variables()
    for service in OURS.values():
        assert {name for name in service["environment"] if name.startswith("MEDIA_OPS_")} <= known


def test_airflow_has_the_options() -> None:
    from airflow.configuration import conf

    described: Any = conf.configuration_description
    for name in {
        name for service in OURS.values() for name in service["environment"] if name.startswith("AIRFLOW__")
    }:
        _, section, option = name.lower().split("__")
        assert option in described[section]["options"], name


def test_airflow_has_the_commands() -> None:
    from airflow.cli.cli_parser import get_parser

    commands = [service["command"] for service in OURS.values()]
    commands += [service["healthcheck"]["test"][1:] for service in OURS.values() if "test" in service["healthcheck"]]
    parsed = 0
    for command in commands:
        if command[0] == "airflow":
            get_parser().parse_args(command[1:])  # ends the program where it does not know one
            parsed += 1
    assert parsed == 8
    from airflow.providers.celery.executors.celery_executor import app

    assert "airflow.providers.celery.executors.celery_executor.app" in str(SERVICES["worker"]["healthcheck"])
    assert app.main


def test_the_worker_serves_the_queues_that_dags_use() -> None:
    from airflow.configuration import conf

    used = set(re.findall(r"queue=[\"'](\w+)", "".join(p.read_text() for p in REPOSITORY.glob("plugins/**/*.py"))))
    command = SERVICES["worker"]["command"]
    served = set(command[command.index("--queues") + 1].split(","))
    assert served == used | {conf.get("operators", "default_queue")}


def test_paths_are_those_of_the_image() -> None:
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    assert f"WORKDIR {HOME}\n" in dockerfile
    copied = {word for line in re.findall(r"^COPY (.*)$", dockerfile, re.MULTILINE) for word in line.split()[:-1]}
    for text in texts(OURS):
        for path in re.findall(rf"{HOME}/([\w./-]+)", text):
            assert (REPOSITORY / path).exists(), path
            assert any(path == one or path.startswith(f"{one}/") for one in copied), path
    allowed = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for path in copied:
        assert (REPOSITORY / path).exists(), path
        assert any(path == one or path.startswith(f"{one}/") for one in allowed), path
    mounted = {one.partition(":")[2] for service in OURS.values() for one in service.get("volumes", [])}
    made = re.findall(r"install -d .*?((?: /[\w/-]+)+)", dockerfile)[0].split()
    assert mounted <= set(made)


def test_the_image_s_user_is_not_root() -> None:
    last = re.findall(r"^USER (\w+)$", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)[-1]
    assert last == "media"


def test_the_buckets_are_the_usual_three_and_jobs_may_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = OURS["worker"]["environment"]
    monkeypatch.setenv("MEDIA_OPS_STORE", environment["MEDIA_OPS_STORE"])
    file = REPOSITORY / environment["MEDIA_OPS_STORAGE_CONFIG"].removeprefix(f"{HOME}/")
    here, usual = read_stores(file), read_stores(REPOSITORY / "config" / "storage.yaml")
    for name, role in here.roles().items():
        assert (role.store, role.delete_after_days) == (
            usual.roles()[name].store,
            usual.roles()[name].delete_after_days,
        )
    readable = set(environment["MEDIA_OPS_S3_BUCKETS"].split(","))
    assert readable <= {role.bucket for role in here.roles().values()}


def test_make_env_gives_every_secret_once(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    for name in (".env.example", "scripts/make-env"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    make = ["sh", str(tmp_path / "scripts" / "make-env")]
    subprocess.run(make, check=True)
    made = tmp_path / ".env"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    given = dict(re.findall(r"^(\w+)=(.+)$", made.read_text(), re.MULTILINE))
    assert set(given) == set(re.findall(r"^(\w+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    assert len(set(given.values())) == len(given)
    from cryptography.fernet import Fernet

    Fernet(given.pop("FERNET_KEY"))
    assert all(re.fullmatch(r"[a-z0-9-]+", value) for value in given.values())
    before = made.read_text()
    again = subprocess.run(make, stderr=subprocess.PIPE, text=True)
    assert again.returncode
    assert "exists" in again.stderr
    assert made.read_text() == before


def test_the_init_job_says_the_password_and_calls_what_it_must(tmp_path: Path) -> None:
    """With the two programs replaced by ones that note how they are called; docs/deploy.md tells of the real ones."""
    for name in ("airflow", "media"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{tmp_path}/calls"\n')
        program.chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    file = tmp_path / "passwords.json"
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "ADMIN_PASSWORD": 'it\'s "odd"',
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(file),
    }
    script = REPOSITORY / "scripts" / "container-init"
    subprocess.run(["sh", str(script)], env=environment, check=True)
    assert json.loads(file.read_text()) == {"admin": 'it\'s "odd"'}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (tmp_path / "calls").read_text().splitlines() == [
        "airflow db migrate",
        "airflow pools set watchdog 1 The DAG watchdog.",
        "media storage init",
    ]
    (tmp_path / "airflow").write_text("#!/bin/sh\nexit 3\n")
    assert subprocess.run(["sh", str(script)], env=environment).returncode == 3
    assert (tmp_path / "calls").read_text().count("media") == 1
