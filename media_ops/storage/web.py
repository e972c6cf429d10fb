"""An object of a web server, read by ranges of one version."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from media_ops.errors import NotMedia, SourceChanged, SourceNotAllowed, SourceNotFound, StoreUnavailable
from media_ops.pulse import beat, quiet
from media_ops.settings import Settings
from media_ops.storage.far import SMALL, shown
from media_ops.storage.hosts import addresses_of, allowed_url
from media_ops.storage.signature import without_signature

if TYPE_CHECKING:
    import httpx

_REDIRECTS = 3
_TIMEOUT = {"connect": 10.0, "read": 30.0, "write": 30.0, "pool": 30.0}
_MOVED = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_GONE = (401, 403, 404, 410)
# `Last-Modified` counts seconds, and so does the ETag of nginx: what was written a moment ago can be written once
# more without another version. Asked after so many seconds, it cannot.
_SETTLED = 2.0
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class _Passing(Exception):
    """Worth another try."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def version(self) -> str:
        return self.headers.get("etag") or self.headers.get("last-modified") or ""

    @property
    def fresh(self) -> bool:
        """Whether it was written so lately, by its server's own clock, that another write may bear the same time."""
        try:
            written, now = (parsedate_to_datetime(self.headers[name]) for name in ("last-modified", "date"))
            return abs((now - written).total_seconds()) < _SETTLED
        except (KeyError, ValueError, TypeError):
            return False


class WebObject:
    """A `FarObject` behind `http(s)`; what it is now is asked for when it is made.

    A server without ranges, or one that names no version, is asked for small objects only, and gives them whole.
    """

    def __init__(self, uri: str) -> None:
        self.shown = shown(uri)
        self._read = 0
        self._counting = threading.Lock()
        # Not a client: that logs whole addresses, and takes proxies, which may lead anywhere, from the environment.
        # One for each host: hosts at one address must not share a connection, whose certificate is that of the first.
        self._transports: dict[bytes, httpx.HTTPTransport] = {}
        self._asked = allowed_url(uri)
        self._known: dict[bytes, list[str]] = {}
        self._whole: bytes | None = None
        self.version = ""
        self._url, answer = self._follow(0, 1)
        if answer.fresh:
            time.sleep(_SETTLED)
            self._url, answer = self._follow(0, 1)
        self.size, self.version, self._whole = self._open(answer)

    @property
    def identity(self) -> str:
        """Address that was asked for, and where it led to, as far as that is not signed anew each time."""
        return f"{without_signature(self._asked)} {self._url.copy_with(query=None)}"

    @property
    def lasting(self) -> bool:
        """Whether it has a strong ETag, or was read whole; not where it was led to what only a query names."""
        led = without_signature(self._url)
        known = "?" not in led or led == without_signature(self._asked)
        return known and self.version.startswith(('"', "sha256:"))

    @property
    def bytes_read(self) -> int:
        """How many bytes of bodies came."""
        return self._read

    def fetch(self, offset: int, length: int) -> bytes:
        """Give a range; raise `SourceChanged` where the server has another version by now."""
        if self._whole is not None:
            return self._whole[offset : offset + length]
        answer = self._ask(self._url, offset, length)
        if answer.status in _GONE and self._url != self._asked:  # where a redirection leads may be signed for minutes
            self._url, answer = self._follow(offset, length)
        if answer.status in (412, 416):
            raise self._changed()
        self._refuse(answer)
        found = self._range(answer)
        if found is None or (answer.version, found[2]) != (self.version, self.size):
            raise self._changed()
        if (found[0], found[1] + 1 - found[0], len(answer.data)) != (offset, length, length):
            raise StoreUnavailable(f"{self.shown}: another range came than the one that was asked for")
        return answer.data

    def now(self) -> tuple[int, str]:
        """Ask again, from the beginning."""
        _, answer = self._follow(0, 1)
        if answer.status in (412, 416):
            raise self._changed()
        size, version, _ = self._open(answer)
        return size, version

    def close(self) -> None:
        """Let go of connections; another is made where one is needed."""
        while self._transports:
            self._transports.popitem()[1].close()

    def _open(self, answer: _Answer) -> tuple[int, str, bytes | None]:
        if answer.status == 416 or (answer.status == 200 and not answer.data):
            raise NotMedia(f"{self.shown!r} is no media: the file is empty")
        self._refuse(answer)
        found = self._range(answer)
        if found is None and answer.status == 206:
            raise StoreUnavailable(f"{self.shown}: its server does not say which range it gives")
        if found is None:
            return len(answer.data), answer.version or _digest(answer.data), answer.data
        size = found[2]
        if answer.version:
            return size, answer.version, None
        if size > SMALL:
            raise SourceNotAllowed(
                f"{self.shown!r} cannot be read: its server names no version of it (ETag or Last-Modified), "
                "so that a change would go unnoticed"
            )
        _, answer = self._follow(0, size)
        self._refuse(answer)
        if answer.status == 206 and self._range(answer) != (0, size - 1, size):
            raise self._changed()
        if len(answer.data) != size:
            raise StoreUnavailable(f"{self.shown}: {len(answer.data)} bytes came instead of {size}")
        return size, _digest(answer.data), answer.data

    def _follow(self, offset: int, length: int) -> tuple[httpx.URL, _Answer]:
        url = self._asked
        for _ in range(_REDIRECTS + 1):
            answer = self._ask(url, offset, length)
            if answer.status not in _MOVED or "location" not in answer.headers:
                return url, answer
            try:
                target = str(url.join(answer.headers["location"]))
            except Exception:  # what a server writes there may be anything
                target = ""
            if not target.startswith(("http://", "https://")):
                raise SourceNotAllowed(f"{self.shown!r} cannot be read: it leads to no address of a web server")
            if url.scheme == "https" and not target.startswith("https:"):
                raise SourceNotAllowed(f"{self.shown!r} cannot be read: it leads from https to an open connection")
            url = allowed_url(target)
        raise SourceNotAllowed(f"{self.shown!r} cannot be read: it is redirected more than {_REDIRECTS} times")

    def _ask(self, url: httpx.URL, offset: int, length: int) -> _Answer:
        """Ask until there is an answer that counts, for as long as the settings allow."""
        import tenacity

        patience = Settings().source_patience
        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            stop=tenacity.stop_after_delay(patience),
            wait=tenacity.wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.2),
            reraise=True,
        )
        try:
            with quiet(patience + _TIMEOUT["connect"] + _TIMEOUT["read"]):
                for attempt in trying:
                    with attempt:
                        addresses = self._addresses(url)
                        turn = attempt.retry_state.attempt_number - 1
                        return self._exchange(url, addresses[turn % len(addresses)], offset, length)
        except _Passing as reason:
            raise StoreUnavailable(f"{self.shown} cannot be read: {reason}") from None
        raise AssertionError("tenacity ends with an answer or an error")

    def _addresses(self, url: httpx.URL) -> list[str]:
        """Look a host up once: what was judged is what is connected to."""
        if url.raw_host not in self._known:
            try:
                self._known[url.raw_host] = addresses_of(url)
            except socket.gaierror as error:
                raise _Passing(f"the name of its host cannot be looked up ({error.strerror})") from None
        return self._known[url.raw_host]

    def _exchange(self, url: httpx.URL, address: str, offset: int, length: int) -> _Answer:
        import httpx

        headers = {
            "Host": url.netloc.decode("ascii"),
            "Accept-Encoding": "identity",
            "Range": f"bytes={offset}-{offset + length - 1}",
            "User-Agent": "media-ops",
        }
        if self.version.startswith('"'):  # a weak one never matches
            headers["If-Match"] = self.version
        if url.userinfo and (url.scheme, url.netloc) == (self._asked.scheme, self._asked.netloc):
            headers["Authorization"] = "Basic " + base64.b64encode(unquote(url.userinfo.decode()).encode()).decode()
        extensions = {"timeout": _TIMEOUT, "sni_hostname": url.raw_host.decode()}
        there = url.copy_with(host=address, userinfo=b"")
        request = httpx.Request("GET", there, headers=headers, extensions=extensions)
        with self._counting:
            if url.raw_host not in self._transports:
                self._transports[url.raw_host] = httpx.HTTPTransport()
            transport = self._transports[url.raw_host]
        try:
            response = transport.handle_request(request)
            try:
                answered = {name.lower(): value for name, value in response.headers.items()}
                data = self._body(response, length)
            finally:
                response.close()
        except httpx.TransportError as error:
            # Its text may name the address, and what is in it.
            raise _Passing(_words(error)) from None
        if response.status_code in _PASSING:
            raise _Passing(f"its server answers {response.status_code}")
        return _Answer(response.status_code, answered, data)

    def _body(self, response: httpx.Response, length: int) -> bytes:
        """Read what was asked for; of a server that gives all there is, as much as is small."""
        if response.status_code not in (200, 206):
            return b""
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise StoreUnavailable(f"{self.shown}: its server sends it compressed, although that was not asked for")
        most = length if response.status_code == 206 else SMALL
        parts, got = [], 0
        said = response.headers.get("content-length", "")
        if not said and response.status_code == 200 and "transfer-encoding" not in response.headers:
            raise StoreUnavailable(
                f"{self.shown} cannot be read: its server gives no ranges and does not say how long it is, "
                "so that a part would pass for the whole"
            )
        if response.status_code == 200 and said.isdigit() and int(said) > most:
            raise self._too_large(int(said))
        for part in response.iter_raw():
            parts.append(part)
            beat()
            got += len(part)
            with self._counting:
                self._read += len(part)
            if got > most:
                if response.status_code == 200:
                    raise self._too_large(got)
                raise StoreUnavailable(f"{self.shown}: its server gives more than was asked for")
        if said.isdigit() and got != int(said):
            raise _Passing("the connection ended early")
        return b"".join(parts)

    def _refuse(self, answer: _Answer) -> None:
        status = answer.status
        if status in (404, 410):
            raise SourceNotFound(f"{self.shown!r} cannot be read: its server has no such object ({status})")
        if status in (401, 403):
            raise SourceNotAllowed(f"{self.shown!r} cannot be read: its server does not give it to us ({status})")
        if status not in (200, 206):
            raise StoreUnavailable(f"{self.shown} cannot be read: its server answers {status}")

    def _range(self, answer: _Answer) -> tuple[int, int, int] | None:
        match = _RANGE.fullmatch(answer.headers.get("content-range", "")) if answer.status == 206 else None
        return (int(match[1]), int(match[2]), int(match[3])) if match else None

    def _changed(self) -> SourceChanged:
        return SourceChanged(f"{self.shown}: the source was changed while it was worked on")

    def _too_large(self, size: int) -> SourceNotAllowed:
        return SourceNotAllowed(
            f"{self.shown!r} cannot be read: its server gives no ranges, and {size} bytes are too many to take whole"
        )


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _words(error: Exception) -> str:
    kinds: list[tuple[str, str]] = [
        ("ConnectTimeout", "its server does not answer in time"),
        ("ReadTimeout", "its server does not answer in time"),
        ("ConnectError", "there is no connection to its server"),
    ]
    return dict(kinds).get(type(error).__name__, f"the connection failed ({type(error).__name__})")
