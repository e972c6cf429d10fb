from __future__ import annotations

from pathlib import Path

import pytest

from media_airflow.embedded.settings import CHECKOUT, read_settings
from media_ops.errors import ParamsInvalid


def test_the_shipped_file_allows_the_demo_folder_only() -> None:
    settings = read_settings()
    assert settings.allowed_roots == (CHECKOUT / "build" / "demo",)
    assert settings.store is None
    assert settings.parallelism >= 1
    assert settings.preload == ("numpy", "media_ops.worker.attempt")


def test_paths_are_relative_to_the_checkout_and_resolved(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    path = tmp_path / "airflow.yaml"
    path.write_text("allowed_roots: [link, /srv/media]\nstore: link/../store\nparallelism: 3\ncache_bytes: 1.5 GiB\n")
    settings = read_settings(path, tmp_path)
    assert settings.allowed_roots == (tmp_path / "real", Path("/srv/media"))
    assert settings.store == str(tmp_path / "store")
    path.write_text("store: s3://\n")
    assert read_settings(path, tmp_path).store == "s3://"
    assert settings.parallelism == 3
    assert settings.cache_bytes == 3 * 2**29


def test_options_of_airflow_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "airflow.yaml"
    path.write_text("options: {scheduler: {scheduler_idle_sleep_time: 0.1}, core: {load_examples: true}}\n")
    assert read_settings(path).options == {
        "scheduler": {"scheduler_idle_sleep_time": 0.1},
        "core": {"load_examples": True},
    }


@pytest.mark.parametrize(
    "text", ["alowed_roots: []", "parallelism: 0", "cache_bytes: much", "- a list", "a: [", "store: {a: 1}"]
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "airflow.yaml"
    path.write_text(text)
    with pytest.raises(ParamsInvalid, match=r"airflow\.yaml"):
        read_settings(path)


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "airflow.yaml"
    path.write_text("")
    assert read_settings(path).allowed_roots == ()
