"""Which hosts sources may be read from, and which addresses a connection may really go to."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from media_ops.errors import SourceNotAllowed, SourceNotFound
from media_ops.settings import Settings
from media_ops.storage.far import shown

if TYPE_CHECKING:
    import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_PORTS = {"http": 80, "https": 443}
# All that is given out to the world so far. Outside lie addresses that carry one of IPv4 and lead a translator or an
# old kernel to it (`::127.0.0.1`, `64:ff9b:1::/48`), and site-local ones, which `ipaddress` takes for global.
_WORLD = ipaddress.ip_network("2000::/3")
# Addresses that carry another in them; what counts is where the packets end.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def allowed_url(uri: str) -> httpx.URL:
    """Read an address with the parser that will connect; raise `SourceNotAllowed` unless its host is on the list."""
    import httpx

    try:
        url = httpx.URL(uri)
        host, port = _host(url), _PORTS[url.scheme] if url.port is None else url.port
    except (httpx.InvalidURL, ValueError, KeyError):
        raise SourceNotAllowed(f"{shown(uri)!r} cannot be read: it is no address of a web server") from None
    if not any(_fits(entry, host, port, _PORTS[url.scheme]) for entry in Settings().http_hosts.split(",")):
        raise SourceNotAllowed(
            f"{shown(uri)!r} cannot be read: {host}:{port} is not among the hosts that sources may come from"
        )
    return url


def addresses_of(url: httpx.URL) -> list[str]:
    """Resolve the host once; raise `SourceNotAllowed` if any of its addresses is one of an internal network.

    The connection goes to what was judged here: a name that is resolved again may have become another's.
    """
    try:
        found = socket.getaddrinfo(_host(url), None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise
        raise SourceNotFound(f"{shown(str(url))!r} cannot be read: there is no host of that name") from None
    except UnicodeError:  # a label of more than 63 characters
        raise SourceNotFound(f"{shown(str(url))!r} cannot be read: there can be no host of that name") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not Settings().http_private and not all(_is_public(text) for text in addresses):
        raise SourceNotAllowed(f"{shown(str(url))!r} cannot be read: its host has an address of an internal network")
    return addresses


def _host(url: httpx.URL) -> str:
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    if not host:
        raise ValueError("no host")
    return host


def _fits(entry: str, host: str, port: int, default: int) -> bool:
    """Compare with `host`, `host:port`, `*.domain`; without a port, the scheme's own is meant."""
    name, colon, number = entry.strip().lower().rpartition(":")
    if not colon or not number.isdigit():
        name, number = entry.strip().lower(), str(default)
    if number != str(port) or not name:
        return False
    return host.endswith(name[1:]) and host != name[1:] if name.startswith("*.") else host == name.strip("[]")


def _is_public(text: str) -> bool:
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
        if address.version == 6 and (address.teredo or address not in _WORLD):
            return False
    return address.is_global and not address.is_multicast
