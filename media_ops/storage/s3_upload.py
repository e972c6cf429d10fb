"""Writing to an object store, as the minio client cannot: streamed from the file, on a condition, taken back.

The client reads each part into memory, sends no `If-None-Match`, takes a completion that failed after "200" for a
success, and lets a failed abort hide why the upload failed.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from media_ops.errors import StoreUnavailable
from media_ops.storage.s3_errors import code_of
from media_ops.storage.s3_headers import DIGEST
from media_ops.storage.s3_requests import SignedRequests
from media_ops.storage.section import Section

PART = 8 * 2**20  # bytes; parts are streamed, so that it bounds what is sent again, not memory
MOST_PARTS = 10_000
AT_A_TIME = 4
LARGEST_PIECE = 5 * 2**30
_STARTS = 3  # a server that was killed may forget an upload
_ABORTING = 5.0  # seconds: whoever waits for the error has waited long enough


class Uploader:
    """Sends bodies to one bucket."""

    def __init__(self, requests: SignedRequests) -> None:
        self._requests = requests

    def send_piece(
        self, key: str, body: bytes | Section, metadata: dict[str, str], *, only_new: bool = False
    ) -> bool:
        """Write in one request; False where `only_new` and the key is taken. Raises the minio client's errors.

        Signed with the digest that is noted beside it: a server refuses a body that has become another.
        """
        headers = metadata | {"Content-Type": "application/octet-stream"}
        if only_new:
            headers["If-None-Match"] = "*"
        try:
            self._requests.send("PUT", key, headers=headers, body=body, digest=metadata[DIGEST])
        except Exception as error:
            if only_new and code_of(error) == "PreconditionFailed":
                return False
            raise
        if isinstance(body, Section):
            body.check_unchanged()
        return True

    def send_parts(self, key: str, body: Section, metadata: dict[str, str]) -> None:
        """Write in many requests, several at a time; seen with the last, and nothing stays of a failure."""
        for start in range(_STARTS):
            try:
                return self._send_parts(key, body, metadata)
            except Exception as error:
                if code_of(error) != "NoSuchUpload":
                    raise
                if self._is_there(key, metadata):
                    return None
                if start == _STARTS - 1:
                    raise

    def _send_parts(self, key: str, body: Section, metadata: dict[str, str]) -> None:
        begun = self._requests.send(
            "POST", key, "uploads=", headers=metadata | {"Content-Type": "application/octet-stream"}
        )
        upload = f"uploadId={quote(_text(begun.data, 'UploadId'), safe='')}"
        given_up = Event()
        try:
            size = max(PART, -(-len(body) // MOST_PARTS))
            with ThreadPoolExecutor(AT_A_TIME, "upload") as pool:
                sent = [
                    pool.submit(self._send_part, key, upload, number, part, given_up)
                    for number, part in enumerate(body.parts(size), start=1)
                ]
                try:
                    done, _ = wait(sent, return_when=FIRST_EXCEPTION)
                    for part in done:
                        part.result()
                except BaseException:
                    given_up.set()
                    pool.shutdown(cancel_futures=True)
                    raise
            body.check_unchanged()
            listed = "".join(part.result() for part in sent)
            text = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
            self._requests.send("POST", key, upload, headers={"Content-Type": "application/xml"}, body=text)
        except BaseException:
            with contextlib.suppress(Exception):  # the store's lifecycle takes it away later
                self._requests.send("DELETE", key, upload, patience=_ABORTING)
            raise

    def _send_part(self, key: str, upload: str, number: int, part: Section, given_up: Event) -> str:
        answer = self._requests.send("PUT", key, f"partNumber={number}&{upload}", body=part, given_up=given_up)
        etag = escape(answer.headers.get("etag", ""))
        return f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"

    def _is_there(self, key: str, metadata: dict[str, str]) -> bool:
        """Tell whether a completion had been carried out although its answer was lost."""
        from minio.error import MinioException

        try:
            found = self._requests.send("HEAD", key).headers
        except MinioException:
            return False
        return all(found.get(name) == value for name, value in metadata.items())


def _text(document: bytes, name: str) -> str:
    for element in ElementTree.fromstring(document).iter():
        if element.tag.rpartition("}")[2] == name and element.text:
            return element.text
    raise StoreUnavailable(f"the server's answer has no {name}")
