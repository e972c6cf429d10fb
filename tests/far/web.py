"""A real web server on the loopback interface that counts what it sends and can be told to misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote


@dataclass
class Web:
    """What is served, and how; `sent` counts bytes of bodies, `asked` holds path, range and query of each request.

    `fault` is called before each answer: what it gives is answered in place of it, a number as a status, `"reset"` by
    closing the connection, `"cut"` by half of the body, a tuple as status, headers and body.
    """

    folder: Path
    port: int = 0
    ranges: bool = True
    lengths: bool = True
    versions: str = "etag"
    sent: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    peers: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    fault: Callable[[int], int | str | tuple[int, dict[str, str], bytes] | None] = lambda number: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        """Name and port."""
        return f"127.0.0.1:{self.port}"

    def url(self, name: str) -> str:
        """Address of a file in the folder."""
        return f"http://{self.host}/{name}"


@contextlib.contextmanager
def web(folder: Path, tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serve a folder."""
    state = Web(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(state)) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        state.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def _handler(state: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            asked = self.headers.get("Range", "")
            with state.lock:
                state.asked.append((path, asked, query))
                state.headers.append(dict(self.headers))
                state.peers.append(self.client_address[1])
                number = len(state.asked)
            fault = state.fault(number)
            if fault == "reset":
                self.close_connection = True
                return None
            if isinstance(fault, int):
                return self._plain(fault)
            if isinstance(fault, tuple):
                return self._plain(*fault)
            if path in state.redirects:
                return self._plain(302, {"Location": state.redirects[path]})
            file = state.folder / unquote(path.lstrip("/"))
            if not file.is_file():
                return self._plain(404)
            return self._file(file, asked, cut=fault == "cut")

        def _file(self, file: Path, asked: str, *, cut: bool) -> None:
            status, size = file.stat(), file.stat().st_size
            etag = '"' + hashlib.md5(f"{status.st_mtime_ns} {size}".encode()).hexdigest() + '"'
            versions = {
                "etag": {"ETag": etag},
                "modified": {"Last-Modified": self.date_time_string(int(status.st_mtime))},
                "none": {},
            }[state.versions]
            if self.headers.get("If-Match", etag) != etag and state.versions == "etag":
                return self._plain(412)
            start, end, code, more = 0, size, 200, {}
            if state.ranges and asked:
                first, last = asked.removeprefix("bytes=").split("-")
                start, end = int(first), min(int(last) + 1 if last else size, size)
                if start >= size:
                    return self._plain(416, {"Content-Range": f"bytes */{size}"})
                code, more = 206, {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
            self.send_response(code)
            length = {"Content-Length": str(end - start)} if state.lengths else {"Connection": "close"}
            for name, value in (versions | more | length).items():
                self.send_header(name, value)
            self.end_headers()
            if cut:
                end -= (end - start) // 2
                self.close_connection = True
            with file.open("rb") as data, contextlib.suppress(OSError):
                data.seek(start)
                while start < end and (part := data.read(min(1 << 18, end - start))):
                    self.wfile.write(part)
                    start += len(part)
                    with state.lock:
                        state.sent += len(part)
            return None

        def _plain(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in ((headers or {}) | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def outage(seconds: float) -> Callable[[int], int | None]:
    """Answer 503 for so long, from the third request on."""
    began: list[float] = []

    def fault(number: int) -> int | None:
        if number < 3:
            return None
        began.append(time.monotonic())
        return 503 if time.monotonic() - began[0] < seconds else None

    return fault
