"""A proxy between a store and its server that misbehaves as it is told: real sockets, real answers."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

# What happens to a request: an HTTP status with S3's name for it, or one of the names below.
Fault = tuple[int, str] | str
RESET = "reset"  # the connection breaks before anything is forwarded
SILENCE = "silence"  # nothing ever comes back
LOST = "lost"  # carried out, but its answer breaks off
TORN = "torn"  # half of the answer's body comes


class Proxy:
    """Forwards to `port`; `fault` is asked for each request what is to happen to it, None for nothing."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.fault: Callable[[str, str], Fault | None] = lambda method, path: None
        self.asked: list[tuple[str, str]] = []
        self.drops: set[str] = set()  # names of headers, in small letters, that are not forwarded
        self._server = _listen(self, 0)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_down()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def times(
        self, count: int, fault: Fault, *, only: Callable[[str, str], bool] = lambda method, path: True
    ) -> None:
        """Have `fault` happen to the next `count` requests that `only` picks."""
        left, lock = [count], threading.Lock()

        def pick(method: str, path: str) -> Fault | None:
            with lock:
                if not left[0] or not only(method, path):
                    return None
                left[0] -= 1
                return fault

        self.fault = pick

    def go_down(self) -> None:
        """Refuse connections from now on."""
        self._server.shutdown()
        self._server.server_close()

    def come_back(self) -> None:
        """Listen on the same port again."""
        self._server = _listen(self, self.port)


def _listen(proxy: Proxy, port: int) -> ThreadingHTTPServer:
    class Handler(_Handler):
        owner = proxy

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Proxy

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _serve(self) -> None:
        self.close_connection = True  # a fault concerns one request
        self.owner.asked.append((self.command, self.path))
        fault = self.owner.fault(self.command, self.path)
        if fault == RESET:
            self._reset()
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if fault == SILENCE:
            time.sleep(30)
        elif isinstance(fault, tuple):
            text = f"<Error><Code>{fault[1]}</Code><Message>injected</Message></Error>".encode()
            self._answer(fault[0], [("Content-Type", "application/xml")], text)
        else:
            self._forward(body, fault)

    def _forward(self, body: bytes, fault: str | None) -> None:
        far = http.client.HTTPConnection("127.0.0.1", self.owner.target, timeout=60)
        try:
            far.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in self.owner.drops:
                    far.putheader(name, value)
            far.endheaders(body)
            answer = far.getresponse()
            data = answer.read()
        except OSError:
            self._reset()
            return
        finally:
            far.close()
        between_two = ("transfer-encoding", "connection", "keep-alive")
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in between_two]
        if fault == LOST:
            self._reset()
        else:
            self._answer(answer.status, headers, data[: len(data) // 2] if fault == TORN else data, len(data))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes, length: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if self.command == "HEAD" or name.lower() != "content-length":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
