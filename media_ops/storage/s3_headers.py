"""What an object store's headers say of an object."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from media_ops.errors import StoreRefused
from media_ops.storage.section import Section, digest_of

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

DIGEST, WRITER = "x-amz-meta-sha256", "x-amz-meta-writer"
# Made of the content, or drawn at random; radosgw gives none to what came in parts, and a time stands in for it.
_ETAG = re.compile(r"[0-9a-f]{32}(-\d+)?")


def described(body: bytes | Section) -> dict[str, str]:
    """Give the metadata of what is to be put: its sha256, and a name that no other writer has."""
    return {DIGEST: digest_of(body), WRITER: uuid.uuid4().hex}


def own(headers: Mapping[str, str]) -> dict[str, str]:
    """Give the metadata that we put there."""
    return {name: headers[name] for name in (DIGEST, WRITER) if name in headers}


def whole_size(answer: BaseHTTPResponse) -> int:
    """Give the whole object's size, which comes with a range of it."""
    size = answer.headers.get("content-range", "").rpartition("/")[2]
    if not size.isdigit():
        raise StoreRefused("the server does not give ranges of an object")
    return int(size)


def version_of(headers: Mapping[str, Any], size: int) -> str:
    """Give the ETag, or time and size where a server gives none (radosgw does not for what came in parts)."""
    etag = (headers.get("etag") or "").strip('"')
    if etag and etag != "None":
        return etag
    modified = headers.get("last-modified")
    when = modified if isinstance(modified, datetime) else parsedate_to_datetime(modified or "")
    return f"{int(when.timestamp())}-{size}"


def is_lasting(version: str) -> bool:
    """Whether a version is of these bytes only, for ever: an ETag, and no time of change that stands in for it."""
    return bool(_ETAG.fullmatch(version))
