"""HTTP that outlives a store's bad minutes: every request is tried again until it is answered or patience ends."""

from __future__ import annotations

import os
import re
from threading import Event
from typing import Any

import tenacity
import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, SSLError

from media_ops.pulse import quiet
from media_ops.storage.s3_settings import S3Settings
from media_ops.storage.section import Section

_BUSY = {408, 429, 500, 502, 503, 504}
_BUSY_CODES = re.compile(rb"<Code>(RequestTimeout|OperationAborted|ConditionalRequestConflict)</Code>")
# S3 sends 200 before it knows how a completion or a copy ends.
_FAILED_LATE = re.compile(rb"<Error[\s>].*<Code>(InternalError|SlowDown|ServiceUnavailable)</Code>", re.DOTALL)


class PatientPool(urllib3.PoolManager):
    """Connections to one store; the minio client's requests pass through `urlopen` as ours do.

    Resets, timeouts, refused connections and answers that say "busy" are met with growing pauses, drawn at random.
    Bodies are read inside a try, so that one that breaks off is fetched again: what is asked for must be bounded, or
    a `stream`, which whoever asked for it has to read, to resume and to close.
    """

    def __init__(self, settings: S3Settings, connections: int = 16) -> None:
        import certifi

        super().__init__(
            maxsize=connections,
            blocksize=1 << 17,
            timeout=urllib3.Timeout(connect=settings.connect_timeout, read=settings.read_timeout),
            cert_reqs="CERT_REQUIRED",
            ca_certs=settings.ca_file or os.environ.get("SSL_CERT_FILE") or certifi.where(),
        )
        self.patience = settings.patience
        self._answering = settings.connect_timeout + settings.read_timeout

    def urlopen(  # type: ignore[override]
        self,
        method: str,
        url: str,
        redirect: bool = True,
        *,
        patience: float | None = None,
        given_up: Event | None = None,
        stream: bool = False,
        **how: Any,
    ) -> urllib3.BaseHTTPResponse:
        """Give the answer, or raise what the last try raised; `given_up` ends the trying from outside.

        A file as body is sent from its beginning at each try.
        """
        # Whoever stored an object may have called it compressed; a range of it could not be unpacked.
        how |= {"preload_content": not stream, "decode_content": False, "retries": False}
        body = how.get("body")

        def once() -> urllib3.BaseHTTPResponse:
            if isinstance(body, Section):
                body.seek(0)
            answer = super(PatientPool, self).urlopen(method, url, redirect=False, **how)
            if answer.status >= 300:
                _ = answer.data  # errors are read whole, streams too
            return answer

        def busy(answer: urllib3.BaseHTTPResponse) -> bool:
            return _is_busy(method, answer)

        given_up = given_up or Event()
        patience = self.patience if patience is None else patience
        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_passes) | tenacity.retry_if_result(busy),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=8),
            stop=tenacity.stop_before_delay(patience) | tenacity.stop_when_event_set(given_up),
            sleep=tenacity.sleep_using_event(given_up),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )
        with quiet(patience + self._answering):
            tried: urllib3.BaseHTTPResponse = trying(once)
        return tried


def _passes(error: BaseException) -> bool:
    if isinstance(error, SSLError) and "certificate" in str(error).lower():
        return False
    return isinstance(error, HTTPError | OSError) and not isinstance(error, LocationValueError)


def _is_busy(method: str, answer: urllib3.BaseHTTPResponse) -> bool:
    if answer.status in _BUSY:
        return True
    if answer.status in (400, 409):
        return bool(_BUSY_CODES.search(answer.data))
    return answer.status == 200 and method in ("POST", "PUT") and bool(_FAILED_LATE.search(answer.data))
