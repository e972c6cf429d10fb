"""The rules of buckets, on a real server."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from media_ops.errors import ParamsInvalid, StoreUnavailable
from media_ops.storage.janitor import tidy
from media_ops.storage.lifecycle import initialise, status
from media_ops.storage.lifecycle_s3 import apply_to_bucket, status_of_bucket
from media_ops.storage.lifecycle_xml import SPACE
from media_ops.storage.roles import Role, Stores
from tests.storage.chosen import differs
from tests.storage.server import Server

if TYPE_CHECKING:
    from minio import Minio

pytestmark = pytest.mark.s3


@pytest.fixture
def bucket() -> str:
    return f"media-{uuid.uuid4().hex}"


def role(bucket: str, **rules: Any) -> Role:
    return Role(store=f"s3://{bucket}", **rules)


ALL = {"colder_after_days": 3, "colder_class": "GLACIER_IR", "delete_after_days": 21, "abort_after_days": 1}


def test_what_the_server_has_is_what_was_wanted(s3_client: Minio, bucket: str) -> None:
    first = apply_to_bucket(s3_client, "source", role(bucket, **ALL))
    assert (first.created, first.changed, first.kept) == (True, True, [])
    again = apply_to_bucket(s3_client, "source", role(bucket, **ALL))
    assert (again.created, again.changed) == (False, False)
    config = s3_client.get_bucket_lifecycle(bucket)
    assert config is not None
    read = {rule.rule_id: rule for rule in config.rules}
    assert set(read) == {"media-ops-colder", "media-ops-delete", "media-ops-abort"}
    assert all(rule.status == "Enabled" for rule in read.values())
    # For the whole bucket: radosgw writes an empty prefix in the older form, which the client's records leave out.
    whole = {prefix.text for prefix in ElementTree.fromstring(raw(s3_client, bucket)).iter(f"{{{SPACE}}}Prefix")}
    assert whole == {None}
    transition, expiration = read["media-ops-colder"].transition, read["media-ops-delete"].expiration
    abort = read["media-ops-abort"].abort_incomplete_multipart_upload
    assert transition is not None
    assert (transition.days, transition.storage_class) == (3, "GLACIER_IR")
    assert expiration is not None
    assert expiration.days == 21
    assert abort is not None
    assert abort.days_after_initiation == 1


def test_a_change_is_applied_and_a_rule_that_is_off_goes(s3_client: Minio, bucket: str) -> None:
    apply_to_bucket(s3_client, "result", role(bucket, **ALL))
    changed = apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=5))
    assert (changed.changed, changed.rules) == (True, ["objects are deleted 5 days after they were stored"])
    config = s3_client.get_bucket_lifecycle(bucket)
    assert config is not None
    assert [rule.rule_id for rule in config.rules] == ["media-ops-delete"]
    assert apply_to_bucket(s3_client, "result", role(bucket)).changed
    assert s3_client.get_bucket_lifecycle(bucket) is None


OTHERS = """<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Rule><ID>large</ID><Filter><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter><Status>Enabled</Status>
<Transition><Days>40</Days><StorageClass>STANDARD_IA</StorageClass></Transition>
<Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>
<Rule><ID>logs</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>7</Days></Expiration>
</Rule></LifecycleConfiguration>"""


def raw(client: Minio, bucket: str, body: str | None = None) -> str:
    """Read or write the rules as they are, past the client's own records, which hold less."""
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.md5((body or "").encode()).digest()).decode()
    done = client._execute(
        "PUT" if body else "GET",
        bucket,
        body=body.encode() if body else None,
        headers={"Content-MD5": digest} if body else None,
        query_params={"lifecycle": ""},
    )
    return str(done.data.decode())


def test_rules_of_others_stay_as_they_are(s3_client: Minio, bucket: str) -> None:
    s3_client.make_bucket(bucket)
    raw(s3_client, bucket, OTHERS)
    before = raw(s3_client, bucket)
    assert before.count("<Rule>") == 2
    done = apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=21))
    assert (done.created, done.changed, sorted(done.kept)) == (False, True, ["large", "logs"])
    assert not apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=21)).changed
    after = raw(s3_client, bucket)
    for rule in before.split("<Rule>")[1:]:
        assert rule.removesuffix("</LifecycleConfiguration>") in after
    assert after.count("<Rule>") == 3
    apply_to_bucket(s3_client, "result", role(bucket))
    assert sorted(raw(s3_client, bucket).split("<Rule>")[1:]) == sorted(before.split("<Rule>")[1:])


def test_a_server_that_keeps_other_rules_than_it_was_given(
    s3_client: Minio, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=21))
    monkeypatch.setattr(s3_client, "set_bucket_lifecycle", lambda *given: None)
    monkeypatch.setattr("media_ops.storage.lifecycle_s3._PATIENCE", 0.1)
    with pytest.raises(StoreUnavailable, match=r"other rules than it was given: missing: .*Days=20"):
        apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=20))


def test_rules_that_are_seen_late_are_waited_for(
    s3_client: Minio, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amazon calls the settings of a bucket eventually consistent."""
    apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=21))
    write, read, late = s3_client.set_bucket_lifecycle, s3_client._execute, []

    def written(*given: Any) -> None:
        late.append(lambda: write(*given))

    def asked(method: str, *more: Any, **named: Any) -> Any:
        found = read(method, *more, **named)
        while method == "GET" and late:
            late.pop()()  # seen by the next one who asks
        return found

    monkeypatch.setattr(s3_client, "set_bucket_lifecycle", written)
    monkeypatch.setattr(s3_client, "_execute", asked)
    assert apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=20)).changed


def test_a_bucket_that_another_makes_first_is_taken_as_it_is(
    s3_client: Minio, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minio.error import S3Error

    def made_by_another(name: str) -> None:
        raise S3Error(None, "BucketAlreadyOwnedByYou", "yours", name, "", "", bucket_name=name)  # type: ignore[arg-type]

    s3_client.make_bucket(bucket)
    monkeypatch.setattr(s3_client, "bucket_exists", lambda name: False)
    monkeypatch.setattr(s3_client, "make_bucket", made_by_another)
    assert not apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=21)).created


@differs("radosgw", "it takes the name of a class that it does not have, without a word")
def test_rules_that_the_server_does_not_take(s3_client: Minio, bucket: str) -> None:
    with pytest.raises(ParamsInvalid, match=bucket):
        apply_to_bucket(s3_client, "source", role(bucket, colder_after_days=3, colder_class="NO_SUCH_TIER"))


def test_status_says_what_goes_when(s3_client: Minio, bucket: str) -> None:
    assert not status_of_bucket(s3_client, "result", role(bucket)).exists
    wanted = role(bucket, delete_after_days=21, abort_after_days=1)
    s3_client.make_bucket(bucket)
    assert status_of_bucket(s3_client, "result", wanted).differences
    raw(s3_client, bucket, OTHERS)
    apply_to_bucket(s3_client, "result", wanted)
    for number in range(13):
        s3_client.put_object(bucket, f"a ü/{number:02}", BytesIO(b"x" * number), number)
    s3_client.put_object(bucket, "logs/soon", BytesIO(b"123"), 3)
    for number in range(3):
        s3_client._create_multipart_upload(bucket, "unfinished", {})
        time.sleep(1.1 * (number == 1))  # the server may count in seconds
    found = status_of_bucket(s3_client, "result", wanted)
    assert (found.objects, found.bytes, found.differences) == (14, sum(range(13)) + 3, [])
    begun = [upload.initiated_time for upload in s3_client._list_multipart_uploads(bucket).uploads]
    assert (found.incomplete, found.incomplete_since) == (3, min(at for at in begun if at))
    assert found.incomplete_since != max(at for at in begun if at)
    assert any("not ours: large" in rule for rule in found.rules)
    assert [due.key for due in found.next] == ["logs/soon"] + [f"a ü/{number:02}" for number in range(9)]
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    # The day may change while this test runs.
    assert found.next[0].at - midnight in (timedelta(days=8), timedelta(days=7))
    assert found.next[1].at - found.next[0].at == timedelta(days=14)


def test_status_sees_rules_that_somebody_changed(s3_client: Minio, bucket: str) -> None:
    wanted = role(bucket, delete_after_days=21)
    apply_to_bucket(s3_client, "result", wanted)
    apply_to_bucket(s3_client, "result", role(bucket, delete_after_days=2))
    found = status_of_bucket(s3_client, "result", wanted)
    assert len(found.differences) == 2
    assert "Expiration/Days=21" in found.differences[0]


def test_pages_of_unfinished_uploads(s3_client: Minio, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    s3_client.make_bucket(bucket)
    for number in range(7):
        s3_client._create_multipart_upload(bucket, f"key {number // 3}", {})
    whole = s3_client._list_multipart_uploads
    monkeypatch.setattr(
        s3_client, "_list_multipart_uploads", lambda bucket, **marks: whole(bucket, max_uploads=2, **marks)
    )
    assert status_of_bucket(s3_client, "segment", role(bucket)).incomplete == 7


def test_the_server_that_the_environment_names(
    s3_client: Minio, server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = server.settings
    assert known.secret_key is not None
    monkeypatch.setenv("MEDIA_OPS_S3_ENDPOINT", server.address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(known.access_key))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", known.secret_key.get_secret_value())
    names = ("source", "result", "segment")
    roles = {name: {"store": f"{name}-{bucket}", "delete_after_days": 2} for name in names}
    stores = Stores.model_validate({"home": "s3://", **roles})
    assert [one.created for one in initialise(stores)] == [True] * 3
    assert [one.differences for one in status(stores)] == [[]] * 3
    assert s3_client.bucket_exists(stores.result.bucket or "")
    assert [one.note for one in tidy(stores)] == ["the object store applies its rules itself"] * 3


def test_nobody_there(bucket: str) -> None:
    import urllib3
    from minio import Minio

    http = urllib3.PoolManager(timeout=2, retries=False)
    client = Minio("127.0.0.1:9", access_key="a", secret_key="hidden-secret", secure=False, http_client=http)
    with pytest.raises(StoreUnavailable, match=bucket) as caught:
        apply_to_bucket(client, "source", role(bucket))
    assert "hidden-secret" not in str(caught.value)
