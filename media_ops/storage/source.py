"""From what a user typed to a file that may be read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, cast

from media_ops.errors import NotMedia, SourceNotAllowed, SourceNotFound
from media_ops.storage.address import file_path, scheme_of
from media_ops.storage.attached import attached
from media_ops.storage.far import FarObject, is_far, shown
from media_ops.storage.passing import sha256_of
from media_ops.storage.stand_in import stand_in


def find_source(uri: str) -> str:
    """Give what a job reads: the path of a file, as `locate` does, or a far address that is allowed, as it was given.

    Nothing far is asked for yet.
    """
    if attached(uri):
        return uri
    if not lies_far(uri):
        return locate(uri)
    if uri[:5].lower() != "s3://":
        from media_ops.storage.hosts import allowed_url

        allowed_url(uri)
    return uri


def lies_far(uri: str) -> bool:
    """Whether an address is to be asked for: a file whose name merely looks like one is found first."""
    return is_far(uri) and not os.path.lexists(uri) and not stand_in(uri)


def open_far(uri: str) -> FarObject:
    """Open what a far address names."""
    if uri[:5].lower() == "s3://":
        from media_ops.storage.bucket import StoredObject

        return StoredObject.at(uri)
    from media_ops.storage.web import WebObject

    return WebObject(uri)


def open_source(name: str | Path) -> BinaryIO:
    """Open a source to read its bytes, near or far."""
    instead = stand_in(name)
    return cast(BinaryIO, instead()) if instead else open_itself(name)


def open_itself(name: str | Path) -> BinaryIO:
    """Open a source, whatever stands in for it."""
    far = attached(name)
    return cast(BinaryIO, far.open()) if far else open(name, "rb")


def size_of(name: str | Path) -> int:
    """Give a source's size in bytes."""
    far = attached(name)
    return far.far.size if far else os.path.getsize(name)


def digest_of(name: str | Path) -> str:
    """Give the sha256 of a source."""
    with open_source(name) as file:
        return sha256_of(file)


def locate(uri: str) -> str:
    """Give the absolute path of the file that a plain path or a `file:///...` address names.

    Raises `SourceNotFound` (missing, a folder, unreadable), `SourceNotAllowed` (another scheme) or `NotMedia`
    (empty). A file whose name merely looks like an address is found first.
    """
    path = uri if os.path.lexists(uri) else _path_named_by(uri)
    try:
        path.encode()
    except UnicodeEncodeError:
        sentence = f"{uri!r} cannot be read: its name is not valid UTF-8"
        raise SourceNotAllowed(sentence, rule="unreadable-name") from None
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceNotFound(f"{uri!r} cannot be read: {reason.lower()}") from None
    if stat.S_ISDIR(status.st_mode):
        raise SourceNotFound(f"{uri!r} cannot be read: it is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise SourceNotFound(f"{uri!r} cannot be read: it is not a regular file")
    if not os.access(path, os.R_OK):
        raise SourceNotFound(f"{uri!r} cannot be read: permission denied")
    if not status.st_size:
        raise NotMedia(f"{uri!r} is no media: the file is empty")
    return os.path.abspath(path)


def _path_named_by(uri: str) -> str:
    scheme = scheme_of(uri)
    if scheme is None:
        return uri
    if scheme != "file":
        raise SourceNotAllowed(
            f"{shown(uri)!r} cannot be read: there is no such file, "
            f"and addresses of the scheme {scheme!r} are not served"
        )
    path = file_path(uri)
    if path is None:
        raise SourceNotAllowed(f"{uri!r} cannot be read: a file address must name an absolute path of this machine")
    return path
