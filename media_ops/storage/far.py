"""Names of far sources: which addresses lie elsewhere, and how they are written where anybody may read."""

from __future__ import annotations

import re
from typing import Protocol

FAR = re.compile(r"(https?|s3)://", re.IGNORECASE)
_NO_SECRETS = re.compile(r"file://", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# Not worth ranges: fetched whole, once.
SMALL = 64 * 2**20


class FarObject(Protocol):
    """An object that lies elsewhere, in the one version that was found when it was opened.

    Whatever goes wrong is one of `SourceNotFound`, `SourceNotAllowed`, `SourceChanged` and `StoreUnavailable`.
    """

    shown: str
    size: int
    version: str

    @property
    def identity(self) -> str:
        """What tells it from every other object; shown to nobody."""

    @property
    def lasting(self) -> bool:
        """Whether this version is of these bytes only, for ever; a time of change tells of one only during a job."""

    @property
    def bytes_read(self) -> int:
        """How many bytes were fetched so far."""

    def fetch(self, offset: int, length: int) -> bytes:
        """Give that range of that version."""

    def now(self) -> tuple[int, str]:
        """Give size and version as they are now."""

    def close(self) -> None:
        """Let go of connections."""


def is_far(uri: str) -> bool:
    """Whether it is an address that is read by ranges."""
    return bool(FAR.match(uri))


def shown(uri: str) -> str:
    """Give the address without what may be secret: user, password, query (signatures are there), fragment.

    Of an object's key everything is a name, and files are given as they are. Addresses that are not served are typed
    as well, and named in errors.
    """
    if not _ADDRESS.match(uri) or _NO_SECRETS.match(uri):
        return uri
    scheme, _, rest = uri.partition("://")
    if scheme.lower() != "s3":
        rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.rpartition('@')[2]}{slash}{path}"
