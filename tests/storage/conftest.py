"""Stores for the contract: a folder, memory, and a bucket on a real server where that has been made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from media_ops.storage import Store
from media_ops.storage.folder import FolderStore
from media_ops.storage.memory import MemoryStore
from media_ops.storage.s3 import S3Store
from tests.storage.server import BUCKET, Server

MakeStore = Callable[[], Store]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the S3 server once."""
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def bucket(server: Server) -> S3Store:
    """Give an empty store: a prefix that nobody else uses."""
    return S3Store(server.settings, BUCKET, f"test/{uuid.uuid4().hex[:12]}")


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.s3)])
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MakeStore:
    """Give a maker of empty stores of one kind."""
    if request.param == "s3":
        server: Server = request.getfixturevalue("server")
        return lambda: S3Store(server.settings, BUCKET, f"test/{uuid.uuid4().hex[:12]}")
    return (
        MemoryStore if request.param == "memory" else lambda: FolderStore(tmp_path_factory.mktemp("store") / "root")
    )


@pytest.fixture
def store(make: MakeStore) -> Store:
    """Give an empty store of each kind."""
    return make()
