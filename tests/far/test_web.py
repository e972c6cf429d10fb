"""What is fetched from a web server, and what is not, whatever name or redirection leads there."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from media_ops.errors import MediaError, NotMedia, SourceChanged, SourceNotAllowed, SourceNotFound, StoreUnavailable
from media_ops.storage import hosts
from media_ops.storage.attached import Attached, attach, detach
from media_ops.storage.far import SMALL, shown
from media_ops.storage.ranged import BLOCK
from media_ops.storage.source import open_source
from media_ops.storage.state import SourceState
from media_ops.storage.web import WebObject
from tests.far.web import Web, web

DATA = bytes(range(251)) * 8000
INTERNAL = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1", "127.1"]
INTERNAL += ["2130706433", "localhost", "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[::]"]
INTERNAL += ["[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0x7f000001", "[64:ff9b:1::7f00:1]"]
INTERNAL += ["[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[fec0::1]", "[2001:0:7f00:1::]"]


@pytest.fixture
def server(served: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    (served.folder / "data").write_bytes(DATA)
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "0.3")
    return served


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("https://user:word@host:8443/a/b.mp4?sig=x#y", "https://host:8443/a/b.mp4"),
        ("HTTP://host/a@b.mp4", "http://host/a@b.mp4"),
        ("http://host?sig=a/b", "http://host"),
        ("http://user:a@b@host/x", "http://host/x"),
        ("s3://bucket/a?b#c@d", "s3://bucket/a?b#c@d"),
        ("s3://key:word@bucket/a", "s3://bucket/a"),
        ("ftp://user:word@host/x?sig=y", "ftp://host/x"),
        ("file:///a?b#c@d", "file:///a?b#c@d"),
        ("/plain/a?b@c", "/plain/a?b@c"),
    ],
)
def test_shown(given: str, said: str) -> None:
    assert shown(given) == said


@pytest.mark.parametrize(
    ("listed", "uri"),
    [
        ("", "http://host/x"),
        ("other", "http://host/x"),
        ("host", "http://host:8080/x"),
        ("host", "https://host@evil/x"),
        ("host", "https://evil#@host/x"),
        ("host", "http://host.evil/x"),
        ("*.example.com", "http://example.com/x"),
        ("*.example.com", "http://evilexample.com/x"),
        ("*.example.com", "http://.example.com/x"),
        ("host", "http:///x"),
        ("host", "http://host:port/x"),
        ("host", "http://host:0/x"),
        ("0177.0.0.1", "http://0177.0.0.1/x"),
    ],
)
def test_hosts_that_are_not_on_the_list(monkeypatch: pytest.MonkeyPatch, listed: str, uri: str) -> None:
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", listed)
    with pytest.raises(SourceNotAllowed):
        hosts.allowed_url(uri)


@pytest.mark.parametrize(
    ("listed", "uri"),
    [
        ("host", "http://host/x"),
        (" other, HOST ", "https://host./x"),
        ("host:8080", "http://host:8080/x"),
        ("*.example.com", "https://a.b.example.com/x"),
    ],
)
def test_hosts_that_are(monkeypatch: pytest.MonkeyPatch, listed: str, uri: str) -> None:
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", listed)
    assert hosts.allowed_url(uri).path == "/x"


@pytest.mark.parametrize("host", INTERNAL)
def test_internal_addresses_are_not_connected_to(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", host)
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "0")
    with pytest.raises(SourceNotAllowed, match="internal network"):
        WebObject(f"http://{host}/x")


def test_one_internal_address_among_several_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", "host.example")
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: both)
    with pytest.raises(SourceNotAllowed, match="internal network"):
        WebObject("http://host.example/x")


@pytest.mark.parametrize("host", [f"{'a' * 70}.example", "xn--a.example"])
def test_names_that_no_host_has(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", host)
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "0")
    with pytest.raises((SourceNotFound, SourceNotAllowed, StoreUnavailable), match="cannot be read"):
        WebObject(f"http://{host}/x?sig=SECRET")


def test_public_addresses_are() -> None:
    assert all(map(hosts._is_public, ("8.8.8.8", "2606:4700::1111", "64:ff9b::808:808")))


def test_a_name_is_resolved_once(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere the next time is not asked for again."""
    real, asked = socket.getaddrinfo, []

    def turning(host: str, *more: object, **named: object) -> object:
        if host == "turning.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return real(host, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", turning)
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", f"turning.example:{server.port}")
    found = WebObject(f"http://turning.example:{server.port}/data")
    assert found.fetch(5, 10) == DATA[5:15]
    assert found.now() == (found.size, found.version)
    assert len(asked) == 1
    assert {headers["Host"] for headers in server.headers} == {f"turning.example:{server.port}"}


def test_redirections(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    server.redirects = {"/1": "/2", "/2": server.url("3?sig=x"), "/3": "/data"}
    found = WebObject(server.url("1").replace("//", "//user:word@"))
    assert found.fetch(1, 4) == DATA[1:5]
    assert [path for path, _, _ in server.asked] == ["/1", "/2", "/3", "/data", "/data"]
    assert found.shown == server.url("1")
    server.redirects["/0"] = "/1"
    with pytest.raises(SourceNotAllowed, match="more than 3"):
        WebObject(server.url("0"))
    for target in ("http://elsewhere/x", "file:///etc/passwd", "ftp://host/x", "http://[", "s3://bucket/x"):
        server.redirects = {"/1": target}
        with pytest.raises(SourceNotAllowed):
            WebObject(server.url("1"))


def test_hosts_at_one_address_share_no_connection(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a shared one the second host's certificate would never be looked at."""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: real("127.0.0.1", *more, **named))
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", f"a.example:{server.port},b.example:{server.port}")
    server.redirects = {"/1": f"http://b.example:{server.port}/data"}
    found = WebObject(f"http://a.example:{server.port}/1")
    assert found.fetch(1, 4) == DATA[1:5]
    assert found.now() == (found.size, found.version)
    hosts_asked = [headers["Host"][0] for headers in server.headers]
    assert hosts_asked == ["a", "b", "b", "a", "b"]
    of_a, of_b = ({peer for host, peer in zip(hosts_asked, server.peers, strict=True) if host == x} for x in "ab")
    assert not of_a & of_b
    assert len(of_b) == 1


def test_user_and_password_stay_with_their_host(server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(server.folder) as other:
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", f"{server.host},{other.host}")
        server.redirects = {"/1": other.url("data")}
        WebObject(f"http://me:p%40ss@{server.host}/1")
        assert server.headers[0]["Authorization"] == "Basic bWU6cEBzcw=="
        assert "Authorization" not in other.headers[0]


@pytest.mark.parametrize("versions", ["etag", "modified"])
def test_another_version_is_never_mixed_in(server: Web, versions: str) -> None:
    server.versions = versions
    os.utime(server.folder / "data", (1000, 1000))
    found = WebObject(server.url("data"))
    assert found.fetch(0, 10) == DATA[:10]
    (server.folder / "data").write_bytes(bytes(len(DATA)))
    os.utime(server.folder / "data", (1, 1))
    with pytest.raises(SourceChanged):
        found.fetch(10, 10)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, SourceNotFound), (410, SourceNotFound), (401, SourceNotAllowed), (403, SourceNotAllowed)]
    + [(400, StoreUnavailable), (503, StoreUnavailable), (429, StoreUnavailable)],
)
def test_statuses(server: Web, status: int, error: type[MediaError]) -> None:
    server.fault = lambda number: status
    with pytest.raises(error, match=str(status)) as caught:
        WebObject(server.url("data?sig=SECRET"))
    assert "SECRET" not in str(caught.value)


def test_what_cannot_be_read(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    (server.folder / "empty").write_bytes(b"")
    with pytest.raises(NotMedia, match="empty"):
        WebObject(server.url("empty"))
    with (server.folder / "large").open("wb") as file:
        file.truncate(SMALL + 1)
    server.versions = "none"
    with pytest.raises(SourceNotAllowed, match="no version"):
        WebObject(server.url("large"))
    server.versions, server.ranges = "etag", False
    with pytest.raises(SourceNotAllowed, match="no ranges"):
        WebObject(server.url("large"))
    assert server.sent < SMALL
    assert WebObject(server.url("data")).fetch(7, 9) == DATA[7:16]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", address)
        with pytest.raises(StoreUnavailable, match="no connection"):
            WebObject(f"http://{address}/data")


def test_a_body_that_may_be_cut_is_not_taken_for_whole(server: Web) -> None:
    """Without a length, a connection that ends early looks like one that ends."""
    server.ranges = server.lengths = False
    with pytest.raises(StoreUnavailable, match="how long"):
        WebObject(server.url("data"))


def test_an_object_that_grows_is_not_taken_for_whole(server: Web) -> None:
    server.versions = "none"

    def grow(number: int) -> None:
        if number == 2:
            with (server.folder / "data").open("ab") as file:
                file.write(b"more")

    server.fault = grow
    with pytest.raises(SourceChanged):
        WebObject(server.url("data"))


def test_a_change_within_the_second_of_the_last_one_is_noticed(server: Web) -> None:
    """`Last-Modified` counts seconds, and so do the ETags of many a server."""
    server.versions = "modified"
    time.sleep(1.01 - time.time() % 1)
    (server.folder / "data").write_bytes(DATA)
    found = WebObject(server.url("data"))
    assert found.fetch(0, 10) == DATA[:10]
    (server.folder / "data").write_bytes(bytes(len(DATA)))
    with pytest.raises(SourceChanged):
        found.fetch(10, 10)


def test_whatever_fails_is_remembered(server: Web, tmp_path: Path) -> None:
    """FFmpeg may take it for the end of the file, and a merge must not publish what it made of that."""

    def broken(offset: int, length: int) -> bytes:
        raise KeyError("content-range")

    short = Attached(WebObject(server.url("data")), tmp_path, "short")
    short.far.fetch = lambda offset, length: b"x"  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable), short.open() as file:
        file.read()
    short.far.fetch = broken  # type: ignore[method-assign]
    with pytest.raises(KeyError), short.open() as file:
        file.read()
    assert isinstance(short.failure, StoreUnavailable)
    web_object = WebObject(server.url("data"))
    name = attach(web_object, tmp_path / "none")
    try:
        state = SourceState.of(name)
        state.check(name)
        web_object.fetch = broken  # type: ignore[method-assign]
        with pytest.raises(KeyError), open_source(name) as opened:
            opened.read()
        with pytest.raises(KeyError):
            state.check(name)
    finally:
        detach(name)


def test_blocks_are_fetched_once_by_all_who_share_them(server: Web, tmp_path: Path) -> None:
    one, two = (Attached(WebObject(server.url("data")), tmp_path, "data") for _ in range(2))
    with one.open() as file:
        assert file.read() == DATA
    before = two.far.bytes_read  # the server counts a moment later
    with two.open() as file:
        file.seek(BLOCK + 3)
        assert file.read(BLOCK) == DATA[BLOCK + 3 : 2 * BLOCK + 3]
    assert two.far.bytes_read == before
