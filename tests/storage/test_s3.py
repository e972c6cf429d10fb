"""What only a bucket has to promise: others write there too, and an error says whose fault it is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest

from media_ops.errors import StoreUnavailable
from media_ops.storage.s3 import S3Store

pytestmark = pytest.mark.s3


def test_what_no_key_names_is_no_object(bucket: S3Store) -> None:
    client = cast(Any, bucket._client)
    for name in ("", "folder/", "a//b", "a/x"):  # consoles make such markers of folders
        client.put_object(bucket.bucket, bucket.prefix + name, BytesIO(b""), 0)
    bucket.put("b", b"")
    assert [stat.key for stat in bucket.list()] == ["a/x", "b"]
    found: list[str] = []
    while page := bucket.list(after=found[-1] if found else None, limit=1):
        found += [stat.key for stat in page]
    assert found == ["a/x", "b"]


def test_a_file_that_cannot_be_read_is_not_the_server_s_fault(bucket: S3Store, tmp_path: Path) -> None:
    for put in (bucket.put, bucket.put_if_absent):
        with pytest.raises(StoreUnavailable, match=r"'key'.*no such file") as caught:
            put("key", tmp_path / "missing")
        assert "answer" not in str(caught.value)
