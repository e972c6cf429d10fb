"""The S3 server of the stores' tests, and a web server that sources may come from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.far.web import Web, web
from tests.storage.conftest import server as s3_server

__all__ = ["s3_server"]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """Serve an empty folder on a host that is listed."""
    folder = tmp_path / "served"
    folder.mkdir()
    with web(folder) as state:
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", state.host)
        monkeypatch.setenv("MEDIA_OPS_HTTP_PRIVATE", "1")
        yield state
