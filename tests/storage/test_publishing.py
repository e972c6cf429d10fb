"""A result goes to the store of results by its content, and to the output that was named; one of many counts."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import OutputExists
from media_ops.model import Colour, Proof, Versions
from media_ops.publishing import Published, Wanted, deliver, found, publish
from media_ops.requests import Keeping
from media_ops.storage import open_store
from media_ops.storage.document import read_document
from tests.storage.server import BUCKET, Server

KEY = "f" * 64


def proof_of(content: bytes) -> Proof:
    nothing = Colour()
    return Proof(
        algorithm="transcode_h264",
        algorithm_version="1",
        frames_in=1,
        frames_out=1,
        pts_mismatches=0,
        pts_digest="0",
        pts_resolution="1/25",
        pts_shift="0",
        verify="full",
        frames_compared=1,
        joints=[],
        colour_source=nothing,
        colour_output=nothing,
        output_size=len(content),
        output_sha256=hashlib.sha256(content).hexdigest(),
        versions=Versions(wheel="av", libavcodec="1", encoder="x"),
    )


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the address of an empty store of results."""
    if request.param == "folder":
        return str(tmp_path / "results")
    server: Server = request.getfixturevalue("server")
    server.tell(monkeypatch)
    return f"s3://{BUCKET}/test/{uuid.uuid4().hex[:12]}"


def published(place: str, content: bytes, output: str, folder: Path, **how: Any) -> Published:
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "made.mp4"
    made.write_bytes(content)
    keeping = Keeping(store=place, key=how.pop("key", KEY), force=how.pop("force", False))
    wanted = Wanted(output, ".mp4", how.pop("replace", True))
    return publish(made, proof_of(content), "/films/source.mkv", wanted, keeping, uuid.uuid4().hex, **how)


def read(place: str, key: str) -> bytes:
    with open_store(place).open(key) as file:
        return file.read()


def kept(place: str) -> list[str]:
    return [one.key.rpartition(".")[2] for one in open_store(place).list()]


def test_fifty_publishers_of_one_result_agree(place: str, tmp_path: Path) -> None:
    def one(number: int) -> Published:
        folder = tmp_path / f"worker {number}"
        folder.mkdir()
        content = f"made by {number}".encode() * 1000
        return published(place, content, str(folder / "out.mp4"), folder / ".scratch")

    with ThreadPoolExecutor(50) as pool:
        given = list(pool.map(one, range(50)))
    contents = {Path(each.output).read_bytes() for each in given}
    assert len(contents) == 1
    assert {each.proof.output_sha256 for each in given} == {hashlib.sha256(contents.pop()).hexdigest()}
    for each in given:
        document = read_document(Path(each.proof_file))
        assert document.sealed
        assert document.proof == each.proof
        assert sorted(os.listdir(Path(each.output).parent)) == [".scratch", "out.mp4", "out.mp4.proof.json"]
    assert sorted(kept(place)) == ["json", "json", "mp4"]


def test_kept_only(place: str, tmp_path: Path) -> None:
    one = published(place, b"film", "", tmp_path / "scratch")
    assert one.output.startswith(place)
    assert one.proof_file == one.output.removesuffix(".mp4") + ".proof.json"
    keeping = Keeping(store=place, key=KEY)
    record = found(keeping)
    assert record
    again = deliver(place, record, "/elsewhere/other.mkv", Wanted("", ".mp4", True))
    assert again == one
    assert read(place, record.parts[0].key) == b"film"
    assert found(Keeping(store=place, key=KEY, force=True)) is None


def test_what_is_done_to_an_output_does_not_happen_to_what_is_kept(place: str, tmp_path: Path) -> None:
    one = published(place, b"film", str(tmp_path / "out.mp4"), tmp_path / "scratch")
    with Path(one.output).open("r+b") as file:
        file.write(b"mine")
    record = found(Keeping(store=place, key=KEY))
    assert record
    (tmp_path / "other").mkdir()
    again = deliver(place, record, "/films/source.mkv", Wanted(str(tmp_path / "other" / "two.mp4"), ".mp4", True))
    assert Path(again.output).read_bytes() == b"film"
    assert (again.proof.output_name, again.proof.source_path) == (
        "two.mp4",
        os.path.relpath("/films/source.mkv", tmp_path / "other"),
    )


def test_force_replaces_what_is_kept(place: str, tmp_path: Path) -> None:
    published(place, b"old", "", tmp_path / "scratch")
    new = published(place, b"new!", "", tmp_path / "scratch", force=True)
    record = found(Keeping(store=place, key=KEY))
    assert record
    assert read(place, record.parts[0].key) == b"new!"
    assert new.proof.output_size == 4


def test_an_output_that_is_there_stays(place: str, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"theirs")
    with pytest.raises(OutputExists):
        published(place, b"film", str(tmp_path / "out.mp4"), tmp_path / "scratch", replace=False)
    assert (tmp_path / "out.mp4").read_bytes() == b"theirs"
    assert found(Keeping(store=place, key=KEY)), "the work is done, and need not be done again"


@pytest.mark.parametrize("to_output", [True, False])
def test_what_may_be_of_another_source_is_given_to_nobody_else(place: str, tmp_path: Path, to_output: bool) -> None:
    output = str(tmp_path / "out.mp4") if to_output else ""
    one = published(place, b"film", output, tmp_path / "scratch", sure=False)
    assert found(Keeping(store=place, key=KEY)) is None
    far = one.output.startswith("s3://")
    assert (read(place, one.output.removeprefix(f"{place}/")) if far else Path(one.output).read_bytes()) == b"film"
    assert sorted(kept(place)) == ([] if to_output else ["json", "mp4"]), (
        "of one that is kept only, no more than that"
    )
    published(place, b"sure", "", tmp_path / "scratch")
    record = found(Keeping(store=place, key=KEY))
    assert record
    assert read(place, record.parts[0].key) == b"sure"


@pytest.mark.s3
@pytest.mark.parametrize("kept_in", ["the same bucket", "a folder"])
def test_an_output_in_a_bucket(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_in: str) -> None:
    server.tell(monkeypatch)
    bucket = f"s3://{BUCKET}"
    place = bucket if kept_in == "the same bucket" else str(tmp_path / "results")
    name, key = f"out/{uuid.uuid4().hex} ü.mp4", uuid.uuid4().hex
    for content, other in ((b"one", key), (b"another", uuid.uuid4().hex)):
        one = published(place, content, f"{bucket}/{name}", tmp_path / "scratch", key=other)
        assert (one.output, one.proof_file) == (f"{bucket}/{name}", f"{bucket}/{name}.proof.json")
        assert read(bucket, name) == content
        beside = json.loads(read(bucket, f"{name}.proof.json"))
        assert (beside["output_sha256"], beside["output_name"]) == (
            hashlib.sha256(content).hexdigest(),
            name.rpartition("/")[2],
        )
    with pytest.raises(OutputExists, match="not to be replaced"):
        published(place, b"third", f"{bucket}/{name}", tmp_path / "scratch", key=uuid.uuid4().hex, replace=False)
    assert read(bucket, name) == b"another"
    new = f"{name}.new.mp4"
    published(place, b"third", f"{bucket}/{new}", tmp_path / "scratch", key=uuid.uuid4().hex, replace=False)
    assert read(bucket, new) == b"third"
    assert open_store(bucket).sha256(new) == hashlib.sha256(b"third").hexdigest()


@pytest.mark.s3
def test_publishers_of_one_name_leave_no_strangers_proof(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.tell(monkeypatch)
    bucket, name = f"s3://{BUCKET}", f"out/{uuid.uuid4().hex}.mp4"

    def one(number: int) -> Published:
        folder = tmp_path / f"worker {number}"
        content = f"made by {number}".encode()
        return published(str(tmp_path / "kept"), content, f"{bucket}/{name}", folder, key=f"{number:064d}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    digest = hashlib.sha256(read(bucket, name)).hexdigest()
    store = open_store(bucket)
    if store.stat(f"{name}.proof.json"):
        assert json.loads(read(bucket, f"{name}.proof.json"))["output_sha256"] == digest
