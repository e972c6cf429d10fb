"""The store in a bucket of S3, MinIO or another server that speaks as they do."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from media_ops.errors import MediaError, ObjectDamaged, SourceChanged, StoreRefused, StoreUnavailable
from media_ops.storage import keys, tagging
from media_ops.storage.landing import landing
from media_ops.storage.port import Stat
from media_ops.storage.ranged import BLOCK, Fetch, RangedFile
from media_ops.storage.s3_client import connect
from media_ops.storage.s3_download import download
from media_ops.storage.s3_errors import MISSING, code_of, has_reason, named
from media_ops.storage.s3_headers import DIGEST, WRITER, described, own, version_of, whole_size
from media_ops.storage.s3_requests import SignedRequests
from media_ops.storage.s3_settings import S3Settings
from media_ops.storage.s3_upload import LARGEST_PIECE, Uploader
from media_ops.storage.section import Section, consume, opened

if TYPE_CHECKING:
    from minio import Minio
    from urllib3 import BaseHTTPResponse

_ONE_PIECE = 16 * 2**20  # up to here one request is quicker than three
_DELETED_BETWEEN = 3  # times in a row that another writer's deleting is thought of before the server is blamed
_deciding: set[tuple[str, str]] = set()  # buckets, with their servers, that this process saw refuse a second writer


class S3Store:
    """Objects in a bucket whose keys begin with `prefix`; usable in threads and after a fork.

    ETags only tell versions apart: a content's sha256 is kept in the object's own metadata.
    """

    def __init__(self, settings: S3Settings, bucket: str, prefix: str = "") -> None:
        self._settings = settings
        self.endpoint = settings.endpoint
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._lock = threading.Lock()
        self._owner = 0
        self._bucket_is_there = False

    def open(self, key: str) -> BinaryIO:
        """Open by fetching the first block; small objects are whole in it, and outlive what happens to them."""
        with self._blaming(key) as full:
            try:
                answer = self._get(full, 0, BLOCK)
            except Exception as error:
                if code_of(error) != "InvalidRange":
                    raise
                return cast(BinaryIO, RangedFile(lambda offset, length: b"", 0))  # an empty object has no range
            size = whole_size(answer)
        reader, version = self._reader(key, size, answer.headers), version_of(answer.headers, size)
        return cast(BinaryIO, RangedFile(reader, size, first=answer.data, version=version))

    def fetch(self, key: str, path: Path) -> Stat:
        """Read one version; its sha256 is what was noted, where something was."""
        with self._blaming(key) as full:
            found = self._look(full)
            if found is None:
                raise StoreUnavailable(f"{self._place(key)}: {MISSING}")
            stat, headers = found

            def stream(offset: int) -> BaseHTTPResponse:
                with self._ofversion_of(key, headers, stat.size) as (condition, check):
                    wanted = {"Range": f"bytes={offset}-"} if offset else {}
                    answer = self._requests.send("GET", full, headers=condition | wanted, stream=True)
                    check(answer, whole_size(answer) if offset else stat.size)
                    return answer

            with landing(path) as place:
                digest = download(stream, stat.size, place)
                if digest != headers.get(DIGEST, digest):
                    raise ObjectDamaged(f"{self._place(key)}: what came is not what was put there")
            return self._told(stat)

    def put(self, key: str, data: bytes | Path) -> Stat:
        """Write or replace: in one request, or in parts several at a time."""
        with self._blaming(key) as full, opened(data) as body:
            size, metadata = len(body), described(body)
            if isinstance(body, Section) and size > _ONE_PIECE:
                Uploader(self._requests).send_parts(full, body, metadata)
            else:
                Uploader(self._requests).send_piece(full, body, metadata)
            found = self._look(full)
            ours = found is not None and found[1].get(WRITER) == metadata[WRITER]
            if found is not None and ours and found[0].size != size:
                raise StoreUnavailable(f"{self._place(key)}: {found[0].size} bytes arrived instead of {size}")
            consume(data)
            if found is not None and ours:
                return self._told(found[0])
            return Stat(key, size, datetime.now(UTC), metadata[WRITER])  # replaced or deleted since

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write unless it exists: the server decides between racers. A body of more than 5 GiB is refused."""
        with self._blaming(key) as full, opened(data) as body:
            if self._look(full) is not None:
                return False
            if len(body) > LARGEST_PIECE:
                raise StoreRefused(f"{self._place(key)}: only 5 GiB can be written if absent, not {len(body)} bytes")
            metadata = described(body)
            if not Uploader(self._requests).send_piece(full, body, metadata, only_new=True):
                found = self._look(full)
                # The one that it lost to may be its own first try, of which no answer came.
                if found is None or found[1].get(WRITER) != metadata[WRITER]:
                    return False
                self._note_that_it_decides()
            self._check_that_it_decides(key, body, metadata)
            consume(data)
            return True

    def stat(self, key: str) -> Stat | None:
        """Look without reading."""
        with self._blaming(key) as full:
            found = self._look(full)
            return self._told(found[0]) if found else None

    def list(self, prefix: str = "", *, after: str | None = None, limit: int = 1000) -> list[Stat]:
        """Ask for pages, in the order of the keys; what others stored under a name that is no key is left out."""
        with self._blaming(prefix, check=False) as full:
            start = self.prefix + after if after else None
            found = self._client.list_objects(self.bucket, full, recursive=True, start_after=start)
            ours = (item for item in found if keys.is_key(item.object_name.removeprefix(self.prefix)))
            return [
                self._told(Stat(item.object_name, item.size, item.last_modified.replace(microsecond=0), version))
                for item in islice(ours, limit)
                for version in [version_of({"etag": item.etag, "last-modified": item.last_modified}, item.size)]
            ]

    def delete(self, key: str) -> None:
        """Remove."""
        with self._blaming(key) as full:
            self._client.remove_object(self.bucket, full)

    def path(self, key: str) -> Path | None:
        """A bucket has no files."""
        keys.check(key)
        return None

    def copy(self, key: str, to: str) -> Stat:
        """Have the server copy, with metadata and tags."""
        from minio.commonconfig import CopySource

        with self._blaming(key) as full, self._blaming(to) as target:
            found = self._look(full)
            if found is None:
                raise StoreUnavailable(f"{self._place(key)}: {MISSING}")
            more: dict[str, Any] = {}
            if found[0].size > LARGEST_PIECE:  # made of parts, which carry nothing along
                more = {"metadata": own(found[1]), "tags": self._client.get_object_tags(self.bucket, full)}
            try:
                self._client.copy_object(self.bucket, target, CopySource(self.bucket, full), **more)
            except ValueError:  # how the client takes an error that came after "200"
                raise StoreUnavailable(f"{self._place(to)}: the server did not finish the copy of {key!r}") from None
            made = self._look(target)
            if made is None or made[0].size != found[0].size:
                raise StoreUnavailable(f"{self._place(to)}: the copy of {key!r} did not arrive whole")
            return self._told(made[0])

    def sha256(self, key: str) -> str | None:
        """Give what was noted when it was put."""
        with self._blaming(key) as full:
            found = self._look(full)
            if found is None:
                raise StoreUnavailable(f"{self._place(key)}: {MISSING}")
            return found[1].get(DIGEST)

    def tags(self, key: str) -> dict[str, str]:
        """Ask for them."""
        with self._blaming(key) as full:
            return dict(self._client.get_object_tags(self.bucket, full) or {})

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace them."""
        from minio.commonconfig import Tags

        wanted = Tags.new_object_tags()
        wanted.update(tagging.check(tags))
        with self._blaming(key) as full:
            if wanted:
                self._client.set_object_tags(self.bucket, full, wanted)
            else:
                self._client.delete_object_tags(self.bucket, full)

    def presign_get(self, key: str, seconds: int) -> str:
        """Sign an address; nothing is asked of the server."""
        with self._blaming(key) as full:
            return self._signer.presigned_get_object(self.bucket, full, timedelta(seconds=seconds))

    def presign_put(self, key: str, seconds: int) -> str:
        """Sign an address; nothing is asked of the server."""
        with self._blaming(key) as full:
            return self._signer.presigned_put_object(self.bucket, full, timedelta(seconds=seconds))

    def _check_that_it_decides(self, key: str, body: bytes | Section, metadata: dict[str, str]) -> None:
        """Write the same once more, which must be refused: who ignores the condition calls every racer the winner.

        Once in a process for each bucket, after its first win.
        """
        if (self._settings.endpoint, self.bucket) in _deciding:
            return
        for _ in range(_DELETED_BETWEEN):
            if not Uploader(self._requests).send_piece(self.prefix + key, body, metadata, only_new=True):
                return self._note_that_it_decides()
        raise StoreRefused(f"{self._place(key)}: this store ignores If-None-Match, so it cannot say who wrote first")

    def _note_that_it_decides(self) -> None:
        _deciding.add((self._settings.endpoint, self.bucket))

    def _look(self, full: str) -> tuple[Stat, Mapping[str, str]] | None:
        from minio.error import S3Error

        try:
            found = self._client.stat_object(self.bucket, full)
        except S3Error as error:
            if error.code == "NoSuchKey" and self._bucket_is_there:
                return None
            if not has_reason(error):  # the same by GET, whose answers say what is wrong
                try:
                    self._get(full, 0, 1)
                except S3Error as told:
                    if told.code == "NoSuchKey":
                        self._bucket_is_there = True
                        return None
                    raise told from None
                if error.code == "NoSuchKey":  # written in between
                    self._bucket_is_there = True
                    return self._look(full)
            raise
        size, headers = int(found.size or 0), found.metadata or {}
        modified = found.last_modified or datetime.now(UTC)
        return Stat(full, size, modified, version_of(headers, size)), headers

    def _reader(self, key: str, size: int, headers: Mapping[str, Any]) -> Fetch:
        """Give what reads ranges of the one version that `headers` came with."""

        def fetch(offset: int, length: int) -> bytes:
            with self._ofversion_of(key, headers, size) as (condition, check):
                answer = self._get(self.prefix + key, offset, length, condition)
                check(answer, whole_size(answer))
                return answer.data

        return fetch

    @contextlib.contextmanager
    def _ofversion_of(
        self, key: str, headers: Mapping[str, Any], size: int
    ) -> Iterator[tuple[dict[str, str], Callable[[BaseHTTPResponse, int], None]]]:
        """Give the condition of a request, and the check of its answer, that it is about what `headers` came with."""
        version, etag = version_of(headers, size), headers.get("etag")

        def check(answer: BaseHTTPResponse, whole: int) -> None:
            if version_of(answer.headers, whole) != version:
                answer.close()
                raise self._changed(key)

        with self._blaming(key):
            try:
                yield {"If-Match": etag} if etag else {}, check
            except Exception as error:
                if code_of(error) in ("PreconditionFailed", "NoSuchKey", "InvalidRange"):
                    raise self._changed(key) from None
                raise

    def _get(self, full: str, offset: int, length: int, on: Mapping[str, str] | None = None) -> BaseHTTPResponse:
        return self._client.get_object(self.bucket, full, offset, length, request_headers=dict(on or {}))

    def _told(self, stat: Stat) -> Stat:
        return Stat(stat.key.removeprefix(self.prefix), stat.size, stat.modified, stat.version)

    @property
    def _client(self) -> Minio:
        self._connect()
        return self._minio

    @property
    def _signer(self) -> Minio:
        """Give a client that calls the server what others call it; it is asked nothing."""
        return connect(self._settings.public())[0] if self._settings.public_endpoint else self._client

    @property
    def _requests(self) -> SignedRequests:
        self._connect()
        return self._signed

    def _connect(self) -> None:
        with self._lock:
            if self._owner == os.getpid():
                return  # a fork must not share its parent's connections
            self._minio, pool = connect(self._settings)
            self._signed = SignedRequests(self._minio, pool, self._settings, self.bucket)
            self._owner = os.getpid()

    def _place(self, key: str) -> str:
        return f"object {key!r} in s3://{self.bucket}/{self.prefix}"

    def _changed(self, key: str) -> SourceChanged:
        return SourceChanged(f"{self._place(key)}: it was replaced or deleted while it was read")

    @contextlib.contextmanager
    def _blaming(self, key: str, *, check: bool = True) -> Iterator[str]:
        """Give the key in the bucket, and errors of ours for all that goes wrong."""
        from minio.error import MinioException
        from urllib3.exceptions import HTTPError

        full = self.prefix + key
        if check:
            keys.check(key)
            keys.check(full)
        try:
            yield full
        except MediaError as error:
            raise error if key in str(error) else type(error)(f"{self._place(key)}: {error}") from None
        except (MinioException, HTTPError, OSError) as error:
            raise named(self._place(key), error, self._settings.patience) from error
