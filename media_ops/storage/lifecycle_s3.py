"""The rules of a bucket: given to the server, which applies them, and read back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from media_ops.errors import ParamsInvalid, StoreUnavailable
from media_ops.storage.applied import Applied, StoreStatus, Tally
from media_ops.storage.lifecycle_xml import (
    Meaning,
    deleted_at,
    document,
    is_ours,
    meaning,
    parsed,
    rule_id,
    sentence,
    spelled,
    wanted_rules,
)
from media_ops.storage.roles import Role
from media_ops.storage.s3_errors import code_of, named

if TYPE_CHECKING:
    from minio import Minio

# What a server says of rules that it does not take, such as a storage class that it does not have.
_REFUSALS = {"InvalidArgument", "InvalidRequest", "InvalidStorageClass", "MalformedXML"}
_PATIENCE = 5.0  # seconds; Amazon calls the settings of a bucket eventually consistent


def apply_to_bucket(client: Minio, role: str, wanted: Role) -> Applied:
    """Make the bucket if it is missing, give it our rules beside those of others, and read all of them back.

    Raises `StoreUnavailable` if what is read back is not what was wanted.
    """
    bucket = wanted.bucket or ""
    ours = wanted_rules(wanted)
    with _blaming(bucket):
        created = _make(client, bucket)
        before = _read(client, bucket)
        others = [rule for rule in before if not is_ours(rule)]
        changed = _meanings(before) != _meanings([*others, *ours])
        if changed:
            _write(client, bucket, [*others, *ours])
        now = _settled(client, bucket, [*others, *ours])
    if differences := _differences(now, [*others, *ours]):
        raise StoreUnavailable(f"bucket {bucket!r}: the server has other rules than it was given: {differences[0]}")
    return Applied(
        role=role,
        address=wanted.store,
        created=created,
        changed=changed,
        rules=[sentence(rule) for rule in ours],
        kept=[rule_id(rule) or "without id" for rule in others],
    )


def status_of_bucket(client: Minio, role: str, wanted: Role) -> StoreStatus:
    """Ask the server for the rules, and list every object and every unfinished upload."""
    bucket = wanted.bucket or ""
    with _blaming(bucket):
        if not client.bucket_exists(bucket):
            return StoreStatus(role=role, address=wanted.store, exists=False, differences=["the bucket is missing"])
        rules = _read(client, bucket)
        tally = Tally()
        for found in client.list_objects(bucket, recursive=True):
            key, stored = found.object_name or "", found.last_modified
            tally.add(key, found.size or 0, deleted_at(rules, key, stored) if stored else None)
        begun = list(_uploads(client, bucket))
    ours = [rule for rule in rules if is_ours(rule)]
    return StoreStatus(
        role=role,
        address=wanted.store,
        objects=tally.objects,
        bytes=tally.bytes,
        rules=[sentence(rule) for rule in rules],
        differences=_differences(ours, wanted_rules(wanted)),
        next=tally.next(),
        incomplete=len(begun),
        incomplete_since=min((at for at in begun if at), default=None),
    )


def _make(client: Minio, bucket: str) -> bool:
    from minio.error import S3Error

    if client.bucket_exists(bucket):
        return False
    try:
        client.make_bucket(bucket)
    except S3Error as error:
        if error.code != "BucketAlreadyOwnedByYou":  # another one was faster
            raise
        return False
    return True


def _read(client: Minio, bucket: str) -> list[Element]:
    from minio.error import S3Error

    try:
        # The public method gives records that do not hold everything: see lifecycle_xml.
        response = client._execute("GET", bucket, query_params={"lifecycle": ""})
    except S3Error as error:
        if error.code == "NoSuchLifecycleConfiguration":
            return []
        raise
    return parsed(response.data.decode())


def _write(client: Minio, bucket: str, rules: list[Element]) -> None:
    from minio.lifecycleconfig import LifecycleConfig

    class Written(LifecycleConfig):
        def toxml(self, element: Element | None = None) -> Element:
            return document(rules)

    if rules:
        client.set_bucket_lifecycle(bucket, Written([]))
    else:
        client.delete_bucket_lifecycle(bucket)


def _settled(client: Minio, bucket: str, wanted: list[Element]) -> list[Element]:
    deadline = time.monotonic() + _PATIENCE
    while _meanings(now := _read(client, bucket)) != _meanings(wanted) and time.monotonic() < deadline:
        time.sleep(0.5)
    return now


def _meanings(rules: list[Element]) -> list[Meaning]:
    return sorted(meaning(rule) for rule in rules)


def _differences(found: list[Element], wanted: list[Element]) -> list[str]:
    has, wants = _meanings(found), _meanings(wanted)
    missing = [f"missing: {spelled(rule)}" for rule in wanted if meaning(rule) not in has]
    return missing + [f"not wanted: {spelled(rule)}" for rule in found if meaning(rule) not in wants]


def _uploads(client: Minio, bucket: str) -> Iterator[datetime | None]:
    """Give when each unfinished upload began; the client has no public method for it, and its pages no upload id."""
    key: str | None = None
    upload_id: str | None = None
    while True:
        page = client._list_multipart_uploads(bucket, key_marker=key, upload_id_marker=upload_id)
        yield from (upload.initiated_time for upload in page.uploads)
        if not page.is_truncated or not page.uploads:
            return
        # radosgw spells keys as addresses do without saying so, but not this one.
        key, upload_id = page.next_key_marker or page.uploads[-1].object_name, page.uploads[-1].upload_id


@contextlib.contextmanager
def _blaming(bucket: str) -> Iterator[None]:
    from minio.error import MinioException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (MinioException, HTTPError, OSError) as error:
        if (code := code_of(error)) in _REFUSALS:
            reason = getattr(error, "message", None) or "no reason given"
            raise ParamsInvalid(f"bucket {bucket!r}: {reason} ({code})") from error
        raise named(f"bucket {bucket!r}", error) from error
