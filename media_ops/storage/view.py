"""A far source as a program of this machine can open it: by an address of this machine that lives for one look."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

from media_ops.errors import MediaError
from media_ops.storage.attached import Attached
from media_ops.storage.ranged import BLOCK

_FROM = re.compile(r"bytes=(\d+)-(\d*)")
# A program that asks for all that follows and reads a little leaves no more than this unread.
_UNREAD = 128 * 1024


@contextlib.contextmanager
def view(source: Attached) -> Iterator[str]:
    """Serve a far source on the loopback interface, under a name that nobody guesses; give its address.

    It holds none of the source's secrets, and ends as the source's name does, because FFmpeg looks at that.
    """
    ending = quote(source.name.rpartition("/")[2], safe="")
    place = f"/{secrets.token_urlsafe(24)}/{ending}"
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(source, place)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{place}"
        finally:
            server.shutdown()
            thread.join()


def _handler(source: Attached, place: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD)
            super().setup()

        def do_GET(self) -> None:
            asked = _FROM.fullmatch(self.headers.get("Range", "bytes=0-"))
            size = source.far.size
            if not secrets.compare_digest(self.path, place) or asked is None:
                return self.send_error(404)
            start, end = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
            if start >= size:
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
            self.send_header("Content-Length", str(end + 1 - start))
            self.end_headers()
            # What fails here is remembered by the source; a reader that has enough closes the connection.
            with contextlib.suppress(MediaError, OSError):
                self._send(start, end + 1)

        def _send(self, start: int, end: int) -> None:
            file = source.open()
            file.seek(start)
            while start < end:
                data = file.read(min(BLOCK // 4, end - start))
                self.wfile.write(data)
                start += len(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
