"""The S3 server of the storage tests, for buckets and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media_ops.storage.s3_client import connect
from tests.storage.conftest import server
from tests.storage.server import Server

if TYPE_CHECKING:
    from minio import Minio

__all__ = ["server"]


@pytest.fixture
def s3_client(server: Server) -> Minio:
    """Give a client of the server."""
    return connect(server.settings)[0]
