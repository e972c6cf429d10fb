"""From what a user typed to a file that may be read."""

from __future__ import annotations

import os
import stat

from media_ops.errors import NotMedia, SourceNotAllowed, SourceNotFound
from media_ops.storage.address import file_path, scheme_of


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
            f"{uri!r} cannot be read: there is no such file, and addresses of the scheme {scheme!r} are not served"
        )
    path = file_path(uri)
    if path is None:
        raise SourceNotAllowed(f"{uri!r} cannot be read: a file address must name an absolute path of this machine")
    return path
