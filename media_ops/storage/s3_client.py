"""The minio client, over connections that outlive a store's bad minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_ops.storage.patience import PatientPool
from media_ops.storage.s3_settings import S3Settings

if TYPE_CHECKING:
    from minio import Minio


def connect(settings: S3Settings) -> tuple[Minio, PatientPool]:
    """Give a client and its connections; nothing is asked of the server yet. Not to be shared with a fork."""
    from minio import Minio

    pool = PatientPool(settings)
    client = Minio(
        settings.endpoint,
        settings.access_key,
        settings.secret_key.get_secret_value() if settings.secret_key else None,
        settings.session_token.get_secret_value() if settings.session_token else None,
        secure=settings.secure,
        region=settings.region,
        http_client=pool,
    )
    return client, pool
