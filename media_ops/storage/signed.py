"""An object of a store behind a signed address, read by ranges of one version: whoever reads holds no key."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

from media_ops.errors import MediaError, NotMedia, SourceChanged, SourceNotAllowed, SourceNotFound, StoreUnavailable
from media_ops.settings import Settings
from media_ops.storage.address import open_store
from media_ops.storage.far import shown
from media_ops.storage.patience import PatientPool
from media_ops.storage.ranged import BLOCK
from media_ops.storage.s3_errors import check_answer, code_of, named
from media_ops.storage.s3_headers import is_lasting, version_of, whole_size
from media_ops.storage.s3_settings import S3Settings

if TYPE_CHECKING:
    from media_ops.storage.s3 import S3Store

# What a server says of an address whose time is over, or whose signer's credentials are.
_OVER = {"AccessDenied", "ExpiredToken", "RequestExpired", "InvalidToken", "InvalidAccessKeyId"}


def signed(uri: str) -> str | None:
    """Give an address that reads `s3://bucket/key` for as long as an attempt may take.

    None where we have no key, and for what is no such address: opening it says why.
    """
    bucket, _, key = uri.partition("://")[2].partition("/")
    if not bucket or not key or "@" in bucket or S3Settings.from_environment().access_key is None:
        return None
    try:
        return cast("S3Store", open_store(f"s3://{bucket}")).presign_get(key, Settings().presign_seconds)
    except ValueError as error:
        raise SourceNotAllowed(f"{shown(uri)!r} cannot be read: {error}") from None


class SignedObject:
    """A `FarObject` behind a signed address, whose versions are those that the store itself tells.

    The address is one of ours, so it may lead anywhere; a redirection is not followed. It shows in no error.
    """

    def __init__(self, address: str, shown: str) -> None:
        self.shown = shown
        self._address = address
        self._settings = S3Settings.from_environment()
        self._pool = PatientPool(self._settings)
        self._read = 0
        self._counting = threading.Lock()
        self._etag = ""
        self._known: tuple[int, str] | None = None
        first = self._get(0, BLOCK)
        if first is None:
            raise SourceNotFound(f"{shown!r} cannot be read: there is no such object")
        self._first, self.size, self.version, self._etag = first
        self.identity = address.partition("?")[0]
        self.lasting = is_lasting(self.version)
        self._known = self.size, self.version

    @property
    def bytes_read(self) -> int:
        """How many bytes of the object came."""
        return self._read

    def fetch(self, offset: int, length: int) -> bytes:
        """Give a range of what was opened."""
        if offset + length <= len(self._first):
            return self._first[offset : offset + length]
        found = self._get(offset, length)
        if found is None or found[1:3] != self._known:
            raise self._changed()
        return found[0]

    def now(self) -> tuple[int, str]:
        """Look at the object again."""
        kept, self._etag = self._etag, ""
        try:
            found = self._get(0, 1)
        finally:
            self._etag = kept
        if found is None:
            raise SourceChanged(f"{self.shown}: the source is gone before its job ended")
        return found[1:3]

    def close(self) -> None:
        """Let go of connections; another is made where one is needed."""
        self._pool.clear()

    def _get(self, offset: int, length: int) -> tuple[bytes, int, str, str] | None:
        """Give bytes, whole size, version and ETag; None where there is no such object."""
        from minio.error import MinioException
        from urllib3.exceptions import HTTPError

        wanted = {"Range": f"bytes={offset}-{offset + length - 1}"} | ({"If-Match": self._etag} if self._etag else {})
        try:
            answer = check_answer(self._pool.urlopen("GET", self._address, headers=wanted))
            size = whole_size(answer)
        except MediaError as error:
            raise type(error)(f"{self.shown}: {error}") from None
        except (MinioException, HTTPError, OSError) as error:
            if code_of(error) == "NoSuchKey":
                return None
            raise self._refusal(error) from None
        with self._counting:
            self._read += len(answer.data)
        return answer.data, size, version_of(answer.headers, size), answer.headers.get("etag") or ""

    def _refusal(self, error: Exception) -> MediaError:
        code = code_of(error)
        if code == "InvalidRange" and self._known is None:
            return NotMedia(f"{self.shown!r} is no media: the file is empty")
        if code in ("PreconditionFailed", "InvalidRange"):
            return self._changed()
        if code in _OVER and self._known is not None:  # worth another try, which is given another address
            return StoreUnavailable(f"{self.shown}: its signed address is not taken any more ({code})")
        return named(self.shown, error, self._settings.patience)

    def _changed(self) -> SourceChanged:
        return SourceChanged(f"{self.shown}: the source was changed while it was worked on")
