"""`config/storage.yaml`, and what is refused in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_ops.errors import ParamsInvalid
from media_ops.storage.roles import Stores, read_stores

GOOD = """
home: {home}
source: {{store: media-source, colder_after_days: 3, colder_class: GLACIER_IR, abort_after_days: 1}}
result: {{store: media-result, delete_after_days: 21}}
segment: {{store: media-segment, delete_after_days: 1}}
"""


def read(tmp_path: Path, text: str) -> Stores:
    path = tmp_path / "storage.yaml"
    path.write_text(text)
    return read_stores(path)


def test_the_shipped_file_keeps_what_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIA_OPS_STORAGE_CONFIG", raising=False)
    monkeypatch.setenv("MEDIA_OPS_STORE", str(tmp_path))
    stores = read_stores()
    assert {name: role.store for name, role in stores.roles().items()} == {
        name: str(tmp_path / f"media-{name}") for name in ("source", "result", "segment")
    }
    assert [role.colder_after_days for role in stores.roles().values()] == [3, None, None]
    assert [role.delete_after_days for role in stores.roles().values()] == [None, 21, 1]
    assert [role.abort_after_days for role in stores.roles().values()] == [1, 1, 1]
    assert stores.source.colder_class == "GLACIER_IR"
    assert stores.source.cold is None


def test_buckets(tmp_path: Path) -> None:
    stores = read(tmp_path, GOOD.format(home="s3://"))
    assert stores.result.store == "s3://media-result"
    assert stores.result.bucket == "media-result"
    assert read(tmp_path, GOOD.format(home="s3://").replace(": media-result", ": s3://own/")).result.bucket == "own"
    mixed = GOOD.format(home="s3://").replace("store: media-segment", f"store: {tmp_path}/segments")
    assert read(tmp_path, mixed).segment.bucket is None
    assert read(tmp_path, GOOD.format(home=tmp_path).replace("store: media-result", "store: s3://own")).result.bucket


def test_a_bucket_cannot_move_what_is_cold_into_a_folder(tmp_path: Path) -> None:
    text = GOOD.format(home="s3://").replace("colder_class: GLACIER_IR", f"cold: {tmp_path}/cold")
    with pytest.raises(ParamsInvalid, match=r"source: .*of a bucket wants colder_class"):
        read(tmp_path, text)
    read(tmp_path, text.replace("home: s3://", f"home: {tmp_path}"))


def test_links_are_resolved_so_that_two_names_of_one_folder_are_seen(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    text = GOOD.format(home=tmp_path).replace("store: media-segment", f"store: {tmp_path}/link")
    with pytest.raises(ParamsInvalid, match="share a place"):
        read(tmp_path, text.replace("store: media-result", f"store: {tmp_path}/real"))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("delete_after_days: 21", "delete_after_days: -3", r"result\.delete_after_days: .*-3"),
        ("delete_after_days: 21", "delete_after_days: 0", r"result\.delete_after_days"),
        ("delete_after_days: 21", "delete_after_days: 1.5", r"result\.delete_after_days"),
        ("delete_after_days: 21", "delete_after_days: true", r"result\.delete_after_days"),
        ("delete_after_days: 21", "delete_after_days: '21'", r"result\.delete_after_days"),
        ("delete_after_days: 21", "delete_after_days: 1000000000", r"result\.delete_after_days"),
        ("delete_after_days: 21", "delete_afer_days: 21", r"result\.delete_afer_days"),
        ("delete_after_days: 21", "delete_after_days: 21, delete_after_days: 1", "given twice"),
        ("store: media-result, ", "", r"result\.store"),
        ("colder_class: GLACIER_IR, ", "", "source: colder_after_days wants"),
        ("colder_after_days: 3, ", "", "source: colder_class and cold want"),
        ("abort_after_days: 1", "delete_after_days: 3", "smaller than delete_after_days"),
        ("abort_after_days: 1", "cold: relative/folder", r"source\.cold: it must be an absolute path"),
        ("abort_after_days: 1", r'cold: "/a\0b"', r"source\.cold: it must be an absolute path"),
        ("GLACIER_IR", "'<GLACIER>'", r"source\.colder_class"),
        ("store: media-result", "store: media-result!", "must be a name"),
        ("store: media-result", "store: media-segment", "result.store and segment.store share a place"),
        ("store: media-result", "store: relative/folder", "must be a name"),
        ("store: media-result", "store: ..", "must be a name"),
        ("store: media-result", "store: s3://bucket/folder", "a bucket and nothing in it"),
        ("store: media-result", "store: memory://x", "must be a name"),
        ("store: media-result", "store: [a]", r"result\.store"),
        ("result:", "results:", "Extra inputs|result: Field required"),
        ("home: ", "home: [", "YAML"),
        ("home: ", "home: 7 #", "home"),
        ("home: ", "home: s3://bucket/folder #", "home: .*nothing but s3://"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = GOOD.format(home=tmp_path)
    read(tmp_path, text)
    assert old in text
    with pytest.raises(ParamsInvalid, match=reason) as caught:
        read(tmp_path, text.replace(old, new))
    assert "storage.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_place_for_what_is_cold_is_apart_from_the_stores(tmp_path: Path) -> None:
    for cold in (tmp_path, tmp_path / "media-result", tmp_path / "media-result" / "cold"):
        with pytest.raises(ParamsInvalid, match=r"source\.cold share a place"):
            read(tmp_path, GOOD.format(home=tmp_path).replace("abort_after_days: 1", f"cold: {cold}"))


@pytest.mark.parametrize("text", ["", "- a list", "just text"])
def test_a_file_without_settings(tmp_path: Path, text: str) -> None:
    with pytest.raises(ParamsInvalid, match="no settings"):
        read(tmp_path, text)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ParamsInvalid, match="no such file"):
        read_stores(tmp_path / "missing.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParamsInvalid, match="bytes"):
        read_stores(tmp_path / "bytes.yaml")
