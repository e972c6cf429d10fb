"""Addresses: a plain path, `file:///...`, or a scheme and a rest."""

from __future__ import annotations

import re
from urllib.parse import unquote

from media_ops.errors import ParamsInvalid
from media_ops.storage.folder import FolderStore
from media_ops.storage.memory import MemoryStore
from media_ops.storage.port import Store

_IN_MEMORY: dict[str, MemoryStore] = {}
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
    """Open the store at a plain path, `file:///folder` or `memory://name`, or raise `ParamsInvalid`."""
    scheme = scheme_of(uri)
    if scheme == "memory":
        return _IN_MEMORY.setdefault(uri.partition("://")[2], MemoryStore())
    path = file_path(uri) if scheme == "file" else uri if scheme is None else None
    if not path or "\0" in path:
        raise ParamsInvalid(f"store {uri!r}: it must be a folder's path, file:///folder or memory://name")
    return FolderStore(path)
