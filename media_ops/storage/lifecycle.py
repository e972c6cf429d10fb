"""Make the three stores, apply their rules, and look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_ops.storage.applied import Applied, StoreStatus
from media_ops.storage.lifecycle_folder import apply_to_folder, status_of_folder
from media_ops.storage.roles import Stores
from media_ops.storage.s3_settings import S3Settings

if TYPE_CHECKING:
    from minio import Minio

_PATIENCE = 10.0  # seconds: somebody sits there and waits for the answer


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
    """Give a client of the server that the environment names."""
    from media_ops.storage.s3_client import connect

    known = S3Settings.from_environment()
    return connect(known.model_copy(update={"patience": min(known.patience, _PATIENCE)}))[0]
