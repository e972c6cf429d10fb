"""Addresses: a plain path, `file:///...`, or a scheme and a rest."""

from __future__ import annotations

import re
from urllib.parse import unquote

from media_ops.errors import ParamsInvalid
from media_ops.storage import keys
from media_ops.storage.folder import FolderStore
from media_ops.storage.memory import MemoryStore
from media_ops.storage.port import Store

_IN_MEMORY: dict[str, MemoryStore] = {}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def scheme_of(uri: str) -> str | None:
    """Give the scheme in lower case; None for a plain path."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else None


def file_path(uri: str) -> str | None:
    """Give the absolute path that a `file:` address names; None unless it names one of this machine."""
    rest = unquote(uri.partition(":")[2])
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        rest = slash + path if host in ("", "localhost") else ""
    return rest if rest.startswith("/") else None


def open_store(uri: str) -> Store:
    """Open the store at a plain path, `file:///folder`, `s3://bucket/prefix` or `memory://name`.

    Raises `ParamsInvalid`. How to reach `s3:` is read from the environment; nothing is asked of the server yet.
    """
    scheme = scheme_of(uri)
    if scheme == "memory":
        return _IN_MEMORY.setdefault(uri.partition("://")[2], MemoryStore())
    if scheme == "s3":
        return _in_bucket(uri)
    path = file_path(uri) if scheme == "file" else uri if scheme is None else None
    if not path or "\0" in path:
        raise ParamsInvalid(
            f"store {uri!r}: it must be a folder's path, file:///folder, s3://bucket/prefix or memory://name"
        )
    return FolderStore(path)


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Give bucket and key, or prefix, of an `s3:` address as they stand there; raise `ParamsInvalid`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise ParamsInvalid(f"address {uri!r}: it must be s3://bucket/..., with 3 to 63 of a-z, 0-9, '.' and '-'")
    return bucket, key


def _in_bucket(uri: str) -> Store:
    from media_ops.storage.s3 import S3Store
    from media_ops.storage.s3_settings import S3Settings

    bucket, prefix = bucket_and_key(uri)
    try:
        if prefix.strip("/"):
            keys.check(prefix.strip("/"))
    except ValueError as error:
        raise ParamsInvalid(f"store {uri!r}: {error}") from None
    return S3Store(S3Settings.from_environment(), bucket, prefix)
