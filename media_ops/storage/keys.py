"""Keys, and the file names they become.

`jobs/42/index.bin` lies in `jobs+/42+/index.bin`: the mark on the folders lets `a` and `a/b` live side by side.
Everything but letters, digits and `-_.` is percent-encoded, a leading dot too, so that dot-names are free for the
store's own use. A segment too long for one name continues below folders marked `%`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

LONGEST_KEY = 1024  # bytes of UTF-8, as in S3
FOLDER, CONTINUED = "+", "%"
_UNSPEAKABLE = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_LONGEST_NAME = 200  # file systems hold 255 bytes


def check(key: str) -> str:
    """Give `key` back, or raise `ValueError` naming what is wrong with it."""
    if any(segment in ("", ".", "..") for segment in key.split("/")):
        raise ValueError(f"key {key!r}: it has an empty, '.' or '..' segment")
    if _UNSPEAKABLE.search(key):  # an S3 server's answers are XML, which cannot hold them
        raise ValueError(f"key {key!r}: it holds a control character")
    if len(key.encode()) > LONGEST_KEY:  # a lone surrogate raises here, as a ValueError too
        raise ValueError(f"key {key[:40]!r}...: it is longer than {LONGEST_KEY} bytes")
    return key


def is_key(name: str) -> bool:
    """Whether `check` lets it pass."""
    try:
        check(name)
    except ValueError:
        return False
    return True


def to_names(key: str) -> list[str]:
    """Give the folder names and the file name of `key`, from the root down."""
    *folders, leaf = check(key).split("/")
    return [name for folder in folders for name in _names(folder, FOLDER)] + list(_names(leaf, ""))


def from_name(name: str) -> str:
    """Decode a name without its mark, or the joined names of a continued segment; `ValueError` if none of ours."""
    segment = unquote(name, errors="strict")
    if "/" in segment or _encode(segment) != name.replace("%2E", "."):
        raise ValueError(f"{name!r} is no name that a key gets")
    return segment


def _names(segment: str, mark: str) -> Iterator[str]:
    encoded = _encode(segment)
    while len(encoded) > _LONGEST_NAME:
        yield _undotted(encoded[:_LONGEST_NAME]) + CONTINUED
        encoded = encoded[_LONGEST_NAME:]
    yield _undotted(encoded) + mark


def _encode(segment: str) -> str:
    return quote(segment, safe="").replace("~", "%7E")


def _undotted(name: str) -> str:
    return "%2E" + name[1:] if name.startswith(".") else name
