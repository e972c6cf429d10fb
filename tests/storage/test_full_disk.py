"""Disks that are full: a clear error, what was there stays, and nothing half-written is left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_ops.errors import StoreUnavailable
from media_ops.storage import Store
from media_ops.storage.folder import FolderStore

DISK, LARGE = 2_000_000, 3_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("this user may not mount a disk of memory")
    yield folder
    subprocess.run(["umount", folder], check=True)


def taken(disk: Path) -> int:
    """Give the bytes that files on the disk take, seen or not."""
    status = os.statvfs(disk)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_fetching_onto_a_full_disk(store: Store, disk: Path) -> None:
    store.put("key", b"x" * LARGE)
    (disk / "target").write_bytes(b"as it was")
    before = taken(disk)
    with pytest.raises(StoreUnavailable, match=r"target.*no space left"):
        store.fetch("key", disk / "target")
    assert below(disk) == {"target": b"as it was"}
    assert taken(disk) == before


@pytest.mark.parametrize("from_file", [True, False], ids=["a file of another disk", "bytes"])
def test_putting_into_a_folder_on_a_full_disk(disk: Path, tmp_path: Path, from_file: bool) -> None:
    store = FolderStore(disk / "store")
    store.put("a/key", b"as it was")
    before = below(disk), taken(disk)
    (tmp_path / "file").write_bytes(b"x" * LARGE)
    data = tmp_path / "file" if from_file else b"x" * LARGE
    for put in (store.put, store.put_if_absent):
        for key in ("a/key", "b/new"):
            if put == store.put_if_absent and key == "a/key":
                assert not put(key, data)
                continue
            with pytest.raises(StoreUnavailable, match=rf"'{key}'.*(?i:no space left)"):
                put(key, data)
    with pytest.raises(StoreUnavailable, match=r"(?i)no space left"):
        _fill(store)
    assert [stat.key for stat in store.list()][:1] == ["a/key"]
    for stat in store.list("fill/"):
        store.delete(stat.key)
    assert (below(disk), taken(disk)) == before
    assert (tmp_path / "file").stat().st_size == LARGE
    store.put("b/new", b"there is room again")
    with store.open("b/new") as file:
        assert file.read() == b"there is room again"


def _fill(store: FolderStore) -> None:
    """Put small objects until there is no room for one more."""
    for number in range(DISK):
        store.put(f"fill/{number}", b"x" * 50_000)
