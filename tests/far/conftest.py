"""The S3 server of the stores' tests."""

from tests.storage.conftest import server as s3_server

__all__ = ["s3_server"]
