"""`media storage` on folders."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, cast

import pytest

from media_ops.storage.folder import FolderStore
from media_ops.storage.lifecycle import _client
from tests.cli.conftest import Media

CONFIG = """
home: {home}
source: {{store: media-source, colder_after_days: 3, colder_class: GLACIER_IR}}
result: {{store: media-result, delete_after_days: 21}}
segment: {{store: media-segment, delete_after_days: 1, abort_after_days: 1}}
"""


@pytest.fixture
def config(folder: Path) -> Path:
    path = folder / "storage.yaml"
    path.write_text(CONFIG.format(home=folder / "home"))
    return path


def of(done: Any, role: str) -> dict[str, Any]:
    return next(one for one in json.loads(done.stdout) if one["role"] == role)


def test_from_nothing_to_a_tidy_store(media: Media, called: Media, config: Path, folder: Path) -> None:
    assert of(media("storage", "status", "--config", config, "--json"), "result")["exists"] is False
    first = of(media("storage", "init", "--config", config, "--json"), "result")
    assert (first["created"], first["changed"]) == (True, True)
    again = of(called("storage", "init", "--config", config, "--json"), "result")
    assert (again["created"], again["changed"]) == (False, False)

    store = FolderStore(folder / "home" / "media-result")
    for key, days in (("old", 30), ("young", 1)):
        store.put(key, key.encode())
        os.utime(store.path(key) or "", (time.time() - days * 86400,) * 2)
    found = of(called("storage", "status", "--config", config, "--json"), "result")
    assert (found["objects"], found["bytes"], [due["key"] for due in found["next"]]) == (2, 8, ["old", "young"])
    would = called("storage", "tidy", "--config", config, "--dry-run")
    assert "deleted 1 (3 bytes)" in would.stdout
    assert "dry run" in would.stdout
    assert of(called("storage", "tidy", "--config", config, "--json"), "result")["deleted"] == 1
    assert [stat.key for stat in store.list()] == ["young"]


def test_for_people(called: Media, config: Path, folder: Path) -> None:
    said = called("storage", "init", "--config", config).stdout
    assert f"result  {folder}/home/media-result  made" in said
    assert "objects are deleted 21 days after they were stored" in said
    assert "as it was" in called("storage", "init", "--config", config).stdout
    config.write_text(config.read_text().replace("delete_after_days: 21", "delete_after_days: 9"))
    assert (
        "NOT AS CONFIGURED: delete_after_days is 21, and 9" in called("storage", "status", "--config", config).stdout
    )
    assert "rules changed" in called("storage", "init", "--config", config).stdout
    assert "NOT AS CONFIGURED" not in called("storage", "status", "--config", config).stdout


def test_what_is_there_and_what_goes_is_told_to_people(called: Media, config: Path, folder: Path) -> None:
    rules = f"colder_after_days: 3, cold: {folder}/cold, delete_after_days: 30"
    config.write_text(config.read_text().replace("colder_after_days: 3, colder_class: GLACIER_IR", rules))
    said = called("storage", "status", "--config", config).stdout
    assert "the folder is missing" in said
    assert "objects," not in said
    assert "there is no such folder yet" in called("storage", "tidy", "--config", config).stdout
    called("storage", "init", "--config", config)
    bare = called("storage", "status", "--config", config).stdout
    assert bare.count("0 objects, 0 bytes") == 3
    assert "in `cold`" not in bare
    assert "incomplete" not in bare
    store, cold = FolderStore(folder / "home" / "media-source"), FolderStore(folder / "cold")
    for place, key, days in ((store, "new film", 1), (cold, "old", 10)):
        place.put(key, b"x" * len(key))
        os.utime(place.path(key) or "", (time.time() - days * 86400,) * 2)
    (store.root / ".temporary" / "left").write_bytes(b"12345")
    said = called("storage", "status", "--config", config).stdout
    for words in (
        "    1 objects, 8 bytes\n",
        "    1 objects in `cold`, 3 bytes\n",
        f"    objects are moved to {folder}/cold 3 days after they were stored\n",
        "    objects are deleted 30 days after they were stored\n",
        "    1 uploads left incomplete, 5 bytes, since 20",
    ):
        assert words in said
    assert [line.split()[-1] for line in said.splitlines() if "    goes 20" in line] == ["'old'", "film'"]


def test_the_environment_names_file_and_home(called: Media, config: Path, folder: Path) -> None:
    config.write_text(CONFIG.format(home=""))
    environment = {"MEDIA_OPS_STORAGE_CONFIG": str(config), "MEDIA_OPS_STORE": str(folder / "there")}
    assert called("storage", "init", **environment).returncode == 0
    assert (folder / "there" / "media-segment").is_dir()


def test_refusals(called: Media, config: Path, folder: Path) -> None:
    config.write_text(config.read_text().replace("days: 21", "days: -21"))
    for command in ("init", "status", "tidy"):
        done = called("storage", command, "--config", config)
        assert (done.returncode, done.stdout) == (2, "")
        assert "result.delete_after_days" in done.stderr
    config.write_text(CONFIG.format(home="s3://"))
    done = called("storage", "init", "--config", config, "--json", MEDIA_OPS_S3_ENDPOINT="ftp://x")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "params_invalid")
    (folder / "file").write_bytes(b"")
    config.write_text(CONFIG.format(home=folder / "file"))
    done = called("storage", "init", "--config", config)
    assert done.returncode == 3
    assert "media-source" in done.stderr


def test_a_server_that_is_not_there_is_not_waited_for_for_minutes(
    media: Media, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(CONFIG.format(home="s3://"))
    said = {"MEDIA_OPS_S3_ENDPOINT": "http://127.0.0.1:9", "MEDIA_OPS_S3_PATIENCE": "0.5"}
    done = media("storage", "status", "--config", config, **said)
    assert (done.returncode, "media-source" in done.stderr, "refused" in done.stderr) == (3, True, True)
    for asked, given in (("0.5", 0.5), ("600", 10)):
        monkeypatch.setenv("MEDIA_OPS_S3_PATIENCE", asked)
        assert cast(Any, _client())._http.patience == given


def test_a_store_that_cannot_be_tidied(called: Media, config: Path, folder: Path) -> None:
    called("storage", "init", "--config", config)
    (folder / "home" / "media-source" / ".rules.json").write_text("{")
    done = called("storage", "tidy", "--config", config)
    assert done.returncode == 3
    assert "not understood" in done.stderr
