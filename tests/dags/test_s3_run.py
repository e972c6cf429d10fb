"""Whole DAG runs whose source, parts and results are in buckets of a real S3 server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from media_ops.storage import open_store
from media_ops.storage.s3 import S3Store
from tests.dags.conftest import Place, Run
from tests.dags.test_reuse import pulled
from tests.dags.test_run import shown
from tests.storage.server import ROOT, Server

pytestmark = [pytest.mark.airflow, pytest.mark.s3, pytest.mark.slow]
RunJob = Callable[..., Run]
WISH: dict[str, Any] = {"segments": 3, "preset": "ultrafast", "verify": "full"}


@pytest.fixture
def buckets(s3_server: Server, place: Place, monkeypatch: pytest.MonkeyPatch) -> dict[str, S3Store]:
    """Make the three buckets as `media storage init` does, and tell our tasks how to reach them."""
    from media_ops.storage.lifecycle import initialise
    from media_ops.storage.roles import read_stores

    s3_server.tell(monkeypatch)
    monkeypatch.setenv("MEDIA_OPS_STORE", "s3://")
    stores = read_stores()
    initialise(stores)
    made = {name: cast(S3Store, open_store(role.store)) for name, role in stores.roles().items()}
    for store in made.values():
        for found in store.list():
            store.delete(found.key)
    return made


def test_a_film_in_a_bucket(
    run: RunJob, place: Place, buckets: dict[str, S3Store], clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "film").write_bytes(clip.read_bytes())
    buckets["source"].put("films/ein Film ü.mp4", tmp_path / "film")
    source = "s3://media-source/films/ein Film ü.mp4"
    first = run(source=source, **WISH)
    assert first.state == "success"
    output = first.outcome["output"]
    assert output.startswith("s3://media-result/results/")
    key = output.removeprefix("s3://media-result/")
    (merged,) = pulled(first, "merge")
    proof = merged["proof"]
    assert (proof["frames_out"], proof["pts_mismatches"], proof["source_path"]) == (150, 0, source)
    assert proof["source_sha256"] == hashlib.sha256(clip.read_bytes()).hexdigest()
    buckets["result"].fetch(key, tmp_path / "result.mp4")
    assert hashlib.sha256((tmp_path / "result.mp4").read_bytes()).hexdigest() == proof["output_sha256"]
    assert shown(tmp_path / "result.mp4") == here(clip, place)
    # Of a small source all is read by each task, for they share no folder here, and by the two looks at its version.
    assert 0 < first.outcome["figures"]["bytes_read"] < 9 * clip.stat().st_size
    assert [found.key for found in buckets["segment"].list("jobs/") if "/segments/" in found.key] == []
    assert list(place.scratch.iterdir()) == []

    again = run(source=source, output="s3://media-result/named/copy ä.mp4", **WISH)
    assert (again.state, again.outcome["reused"], again.states("process")) == ("success", True, ["skipped"])
    assert again.outcome["figures"]["bytes_read"] <= 2**20
    assert [found.key for found in buckets["result"].list("named/")] == [
        "named/copy ä.mp4",
        "named/copy ä.mp4.proof.json",
    ]
    assert buckets["result"].sha256("named/copy ä.mp4") == proof["output_sha256"]
    refused = run(source=source, output="s3://media-result/named/copy ä.mp4", replace=False, **WISH)
    assert [error["code"] for error in refused.outcome["errors"]] == ["output_exists"]

    buckets["source"].put("films/ein Film ü.mp4", b"no film")
    other = run(source=source, **WISH)
    assert [error["code"] for error in other.outcome["errors"]] == ["not_media"]


def test_bytes_that_are_not_what_the_store_says_of_them_are_made_anew(
    run: RunJob, place: Place, buckets: dict[str, S3Store], clip: Path, s3_server: Server
) -> None:
    buckets["source"].put("film.mp4", clip.read_bytes())
    wish = {**WISH, "source": "s3://media-source/film.mp4", "output": str(place.root / "out.mp4")}
    first = run(**wish)
    made = Path(first.outcome["output"]).read_bytes()
    kept = [one.key for one in buckets["result"].list() if one.key.endswith(".mp4")]
    segment = next(one.key for one in buckets["segment"].list() if one.key.endswith(".nut"))
    for bucket, key in (("media-result", kept[0]), ("media-segment", segment)):
        rot(s3_server, bucket, key)
    again = run(**wish)
    assert (again.state, again.outcome["reused"]) == ("success", False), again.outcome
    (merged,) = pulled(again, "merge")
    assert [warning for warning in merged["warnings"] if "lost or damaged" in warning]
    assert [one["reused"] for one in pulled(again, "process")] == [True] * 3, "nothing tells, until it is read"
    assert Path(again.outcome["output"]).read_bytes() == made
    third = run(**wish)
    assert (third.state, third.outcome["reused"]) == ("success", True)
    assert Path(third.outcome["output"]).read_bytes() == made


def rot(server: Server, bucket: str, key: str) -> None:
    """Change an object's bytes, but not what is noted of them."""
    import boto3

    client = boto3.client("s3", endpoint_url=server.address, region_name="us-east-1", **ROOT)
    found = client.get_object(Bucket=bucket, Key=key)
    body = bytearray(found["Body"].read())
    body[len(body) // 2] ^= 1
    client.put_object(Bucket=bucket, Key=key, Body=bytes(body), Metadata=found["Metadata"])


def here(clip: Path, place: Place) -> list[bytes]:
    """Decode what the same cuts give without Airflow and without a bucket."""
    from media_ops.model import JobOptions
    from media_ops.run import run as run_here

    params = {"preset": WISH["preset"]}
    output = place.outside / "here.mp4"
    report = run_here("transcode_h264", [str(clip)], str(output), params, JobOptions(segments=3), workers=1)
    assert report.error is None
    return shown(output)
