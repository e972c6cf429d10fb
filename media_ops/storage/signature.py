"""Addresses that are signed anew each time they are handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

# What S3's fourth way of signing adds to an address. Versions and ranges of answers are asked for by other names.
_SIGNATURE = {
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
}


def without_signature(url: httpx.URL) -> str:
    """Give the address without fragment and S3's signature; all else may name another object, users too."""
    pairs = url.query.decode("ascii").split("&")
    if any(pair.lower().startswith("x-amz-signature=") for pair in pairs):
        pairs = [pair for pair in pairs if pair.partition("=")[0].lower() not in _SIGNATURE]
    return str(url.copy_with(fragment=None, query="&".join(pairs).encode() or None))
