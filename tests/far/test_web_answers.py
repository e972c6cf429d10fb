"""Answers of a web server that are not what was asked for, and ways that lead elsewhere by now."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from media_ops.errors import MediaError, SourceChanged, SourceNotAllowed, StoreUnavailable
from media_ops.storage.web import WebObject
from tests.far.web import Web, web

DATA = bytes(range(251)) * 80


@pytest.fixture
def server(served: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    (served.folder / "data").write_bytes(DATA)
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "0")
    return served


@pytest.mark.parametrize(
    ("headers", "length", "error", "reason"),
    [
        ({"Content-Range": f"bytes 11-20/{len(DATA)}"}, 10, StoreUnavailable, "another range"),
        ({"Content-Range": f"bytes 10-18/{len(DATA)}"}, 9, StoreUnavailable, "another range"),
        ({"Content-Range": f"bytes 10-19/{len(DATA)}"}, 9, StoreUnavailable, "another range"),
        ({"Content-Range": f"bytes 10-19/{len(DATA)}"}, 11, StoreUnavailable, "more than was asked for"),
        ({"Content-Range": f"bytes 10-19/{len(DATA) + 1}"}, 10, SourceChanged, "changed"),
        ({"Content-Range": f"bytes 10-19/{len(DATA)}", "ETag": '"new"'}, 10, SourceChanged, "changed"),
        (
            {"Content-Range": f"bytes 10-19/{len(DATA)}", "Content-Encoding": "gzip"},
            10,
            StoreUnavailable,
            "compressed",
        ),
        ({}, 10, SourceChanged, "changed"),
    ],
)
def test_another_range_is_not_taken_for_the_one_that_was_asked_for(
    server: Web, headers: dict[str, str], length: int, error: type[MediaError], reason: str
) -> None:
    found = WebObject(server.url("data"))
    version = {"ETag": found.version}
    whole = {"Content-Range": f"bytes 10-19/{len(DATA)}"}
    server.fault = lambda number: (206, version | whole, DATA[10:20])
    assert found.fetch(10, 10) == DATA[10:20]
    server.fault = lambda number: (206, version | headers, b"x" * length)
    with pytest.raises(error, match=reason):
        found.fetch(10, 10)


def test_a_server_that_does_not_say_which_range_it_gives(server: Web) -> None:
    server.fault = lambda number: (206, {"ETag": '"x"'}, DATA[:1])
    with pytest.raises(StoreUnavailable, match="which range"):
        WebObject(server.url("data"))


def test_another_version_is_refused_by_its_server_before_it_sends_any(server: Web) -> None:
    found = WebObject(server.url("data"))
    (server.folder / "data").write_bytes(bytes(len(DATA) + 1))
    before = found.bytes_read
    with pytest.raises(SourceChanged):
        found.fetch(0, len(DATA))
    assert found.bytes_read == before


def test_where_a_redirection_leads_may_change(server: Web) -> None:
    """It may be signed for minutes: what is gone there is asked for once more, from the beginning."""
    (server.folder / "later").hardlink_to(server.folder / "data")
    server.redirects = {"/film": "/data"}
    found = WebObject(server.url("film"))
    server.redirects = {"/film": "/later"}
    server.fault = lambda number: 403 if server.asked[-1][0] == "/data" else None
    assert found.fetch(5, 10) == DATA[5:15]
    assert [path for path, _, _ in server.asked][-3:] == ["/data", "/film", "/later"]
    assert found.fetch(15, 10) == DATA[15:25]
    assert server.asked[-1][0] == "/later"


def test_a_redirection_s_own_user_is_nobody(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(server.folder) as other:
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", f"{server.host},{other.host}")
        server.redirects = {"/1": f"http://some:body@{other.host}/data"}
        WebObject(f"http://me:word@{server.host}/1")
        assert [("Authorization" in headers) for headers in server.headers + other.headers] == [True, False]


def test_the_next_address_of_a_name_is_tried(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, 0)) for place in ("127.0.0.2", "127.0.0.1")]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *more, **named: places if host == "two.example" else real(host, *more, **named),
    )
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", f"two.example:{server.port}")
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "5")
    assert WebObject(f"http://two.example:{server.port}/data").size == len(DATA)


def test_https_leads_to_no_open_connection(server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=test"
    places = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *places], check=True, capture_output=True, timeout=60)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with web(server.folder, tls) as secure:
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", f"{server.host},{secure.host}")
        address = f"https://{secure.host}"
        assert WebObject(f"{address}/data").fetch(1, 4) == DATA[1:5]
        secure.redirects = {"/1": f"{address}/data", "/2": server.url("data")}
        assert WebObject(f"{address}/1").size == len(DATA)
        with pytest.raises(SourceNotAllowed, match="open connection"):
            WebObject(f"{address}/2")
        assert server.asked == []
