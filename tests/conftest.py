"""For all tests: clips by recipe, made once a session, and an Airflow home of their own.

Airflow reads its home and its configuration file once, when it is imported, and would make them in the user's home.
So the home is named while tests are collected, and no test module imports airflow at module level. Everything else
is said in that home's file and not in the environment, which other tests hand on to the services they start.
"""

from __future__ import annotations

import atexit
import configparser
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.encoders.ordinary import stay_ordinary
from tests.recipes import make
from tests.storage.chosen import missing

REPOSITORY = Path(__file__).parents[1]


def make_home() -> Path:
    """Make the home, with its configuration, and name it in the environment."""
    home = Path(tempfile.mkdtemp(prefix="media-ops-airflow-"))
    atexit.register(remove, home, os.getpid())
    settings: dict[str, dict[str, Any]] = {
        "core": {
            "load_examples": False,
            "dags_folder": REPOSITORY / "dags",
            "plugins_folder": REPOSITORY / "plugins",
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home}/airflow.db"},
        "logging": {"logging_level": "WARNING"},
    }
    file = configparser.RawConfigParser()
    file.read_dict(settings)
    with (home / "airflow.cfg").open("w") as out:
        file.write(out)
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        del os.environ[name]
    os.environ["AIRFLOW_HOME"] = str(home)
    return home


def remove(home: Path, owner: int) -> None:
    """Remove the home, unless this is a forked child of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)


make_home()
stay_ordinary()  # tests open SVT-AV1 themselves, and children inherit what it makes of its opener

Clip = Callable[[str], Path]


# What takes longest begins first, so that no processor waits for the other at the end; no two Airflows are started
# at the same time: `make test` keeps this order.
_LONG = ("e2e/test_embedded.py", "dags", "conform", "cli", "fuzz", "e2e", "contract", "docs", "far")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests by their files."""

    def rank(item: pytest.Item) -> int:
        place = str(item.path.relative_to(REPOSITORY / "tests"))
        return next((number for number, name in enumerate(_LONG) if place.startswith(name)), len(_LONG))

    items.sort(key=rank)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what wants an S3 server where none is installed."""
    if item.get_closest_marker("s3") and (reason := missing()):
        pytest.skip(reason)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Give the clip of a recipe's name, making it on its first use."""
    folder = tmp_path_factory.mktemp("clips")
    return lambda name: make(name, folder)
