"""What a child is given of the object store: signed addresses of what it reads, keys only where it has to write."""

from __future__ import annotations

import json
import os
from typing import Any

from media_ops.settings import Settings
from media_ops.storage.source import lies_far

SOURCES = ("source", "a", "b")
SIGNED = "signed"
_KEYS = ("ACCESS_KEY", "SECRET_KEY", "SESSION_TOKEN"), ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
_VARIABLES = {f"{of}{name}" for of, names in zip(("MEDIA_OPS_S3_", "AWS_"), _KEYS, strict=True) for name in names}


def handed_over(request: str) -> tuple[str, dict[str, str]]:
    """Give a request as JSON and the environment as the child gets them; both are as they were unless we sign."""
    # Who may speak to Airflow is no business of what touches foreign media.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MEDIA_OPS_AIRFLOW_")}
    if not Settings().presign:
        return request, environment
    record: dict[str, Any] = json.loads(request)
    addresses = {}
    for role in SOURCES:
        uri = record.get(role)
        if isinstance(uri, str) and uri[:5].lower() == "s3://" and lies_far(uri) and (address := _signed(uri)):
            addresses[role] = address
    rest = json.dumps({name: value for name, value in record.items() if name not in addresses})
    if '"s3://' not in rest.lower():
        environment = {name: value for name, value in environment.items() if name not in _VARIABLES}
    if addresses:
        record[SIGNED] = addresses
    return json.dumps(record), environment


def _signed(uri: str) -> str | None:
    from media_ops.storage.signed import signed

    return signed(uri)
