"""Requests for objects of one bucket that the minio client cannot make, signed with its signer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from media_ops.storage.patience import PatientPool
from media_ops.storage.s3_errors import check_answer
from media_ops.storage.s3_settings import S3Settings
from media_ops.storage.section import Section, digest_of

if TYPE_CHECKING:
    from minio import Minio
    from urllib3 import BaseHTTPResponse


class SignedRequests:
    """Sends requests; any answer that is not good raises the minio client's own error."""

    def __init__(self, client: Minio, pool: PatientPool, settings: S3Settings, bucket: str) -> None:
        self._client = client
        self._pool = pool
        self._settings = settings
        self._bucket = bucket

    def send(
        self,
        method: str,
        key: str,
        query: str = "",
        *,
        headers: dict[str, str] | None = None,
        body: bytes | Section = b"",
        digest: str | None = None,
        **how: Any,
    ) -> BaseHTTPResponse:
        """Give the answer; `digest` is the body's, where it is known, and `how` is for `PatientPool.urlopen`."""
        from minio.credentials.credentials import Credentials
        from minio.signer import sign_v4_s3
        from minio.time import to_amz_date, utcnow

        url = urlsplit(self._client.get_presigned_url(method, self._bucket, key))._replace(query=query)
        digest = digest or digest_of(body)
        now = utcnow()
        signed: dict[str, Any] = {**(headers or {}), "Host": url.netloc, "Content-Length": str(len(body))}
        signed |= {"x-amz-content-sha256": digest, "x-amz-date": to_amz_date(now)}
        known = self._settings
        if known.access_key and known.secret_key:
            token = known.session_token.get_secret_value() if known.session_token else None
            if token:
                signed["x-amz-security-token"] = token
            signed = sign_v4_s3(
                method=method,
                url=url,
                region=known.region,
                headers=signed,
                credentials=Credentials(known.access_key, known.secret_key.get_secret_value(), token),
                content_sha256=digest,
                date=now,
            )
        answer = self._pool.urlopen(method, url.geturl(), body=body, headers=signed, **how)
        if answer.status == 400 and isinstance(body, Section):
            body.check_unchanged()  # radosgw has another name for it than Amazon
        return answer if how.get("stream") and answer.status < 300 else check_answer(answer)
