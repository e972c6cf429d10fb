"""Make the three stores, apply their rules, and look at them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from media_ops.errors import ParamsInvalid
from media_ops.storage.applied import Applied, StoreStatus
from media_ops.storage.lifecycle_folder import apply_to_folder, status_of_folder
from media_ops.storage.roles import Stores

if TYPE_CHECKING:
    from minio import Minio


def initialise(stores: Stores) -> list[Applied]:
    """Make the buckets and folders that are missing, and apply the rules; once more changes nothing."""
    from media_ops.storage.lifecycle_s3 import apply_to_bucket

    return [
        apply_to_bucket(_client(), name, role) if role.bucket else apply_to_folder(name, role)
        for name, role in stores.roles().items()
    ]


def status(stores: Stores) -> list[StoreStatus]:
    """Look at the three stores, at every object in them."""
    from media_ops.storage.lifecycle_s3 import status_of_bucket

    return [
        status_of_bucket(_client(), name, role) if role.bucket else status_of_folder(name, role)
        for name, role in stores.roles().items()
    ]


def _client() -> Minio:
    """Give a client of the server that the environment names, with the credentials that it or Amazon's files hold."""
    from minio import Minio
    from minio.credentials.providers import AWSConfigProvider, ChainedProvider, EnvAWSProvider

    endpoint = urlsplit(os.environ.get("MEDIA_OPS_S3_ENDPOINT", ""))
    if endpoint.scheme not in ("http", "https") or not endpoint.netloc or endpoint.username:
        raise ParamsInvalid("MEDIA_OPS_S3_ENDPOINT must name the object store, such as https://store.example:9000")
    return Minio(
        endpoint.netloc,
        secure=endpoint.scheme == "https",
        region=os.environ.get("AWS_REGION"),
        credentials=ChainedProvider([EnvAWSProvider(), AWSConfigProvider()]),
    )
