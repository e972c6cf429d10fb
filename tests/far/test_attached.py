"""How much of a far source is asked for at once, and where its blocks are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from media_ops.storage.attached import Attached, attach, attached, detach
from media_ops.storage.blocks import BlockFile
from media_ops.storage.far import SMALL
from media_ops.storage.ranged import BLOCK

DATA = bytes(range(251)) * 8000


@dataclass
class Noted:
    """An object of zeros that notes what is asked for."""

    size: int
    shown: str = "s3://bucket/film.mp4"
    version: str = "one"
    identity: str = "store/bucket/film.mp4"
    lasting: bool = True
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def bytes_read(self) -> int:
        return sum(length for _, length in self.asked)

    def fetch(self, offset: int, length: int) -> bytes:
        self.asked.append((offset, length))
        return bytes(length)

    def now(self) -> tuple[int, str]:
        return self.size, self.version

    def close(self) -> None: ...


def test_who_reads_on_is_asked_for_more_and_who_jumps_for_one_block(tmp_path: Path) -> None:
    far = Noted(SMALL + 64 * BLOCK)
    with Attached(far, tmp_path, "film").open() as file:
        assert file.read(20 * BLOCK) == bytes(20 * BLOCK)
        lengths = [length // BLOCK for _, length in far.asked]
        assert lengths[0] == 1
        assert max(lengths) == 8
        assert len(lengths) <= 5
        far.asked.clear()
        for place in (100, 50, 150):
            file.seek(place * BLOCK)
            file.read(1)
    assert far.asked == [(place * BLOCK, BLOCK) for place in (100, 50, 150)]


@pytest.mark.parametrize("enough", [True, False])
def test_blocks_are_kept_where_half_of_what_is_free_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enough: bool
) -> None:
    far = Noted(3 * BLOCK)
    free = 2 * far.size - (not enough)
    monkeypatch.setattr(os, "statvfs", lambda place: SimpleNamespace(f_bavail=free, f_frsize=1))
    with Attached(far, tmp_path, "film").open() as file:
        assert file.read() == bytes(far.size)
    assert far.bytes_read == far.size
    assert len(list(tmp_path.iterdir())) == enough


def test_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, two = Noted(1), Noted(2)
    names = [attach(far, tmp_path) for far in (one, two)]
    try:
        assert names[0] == one.shown != names[1]
        assert [getattr(attached(name), "far", None) for name in names] == [one, two]
        detach(names[0])
        assert [getattr(attached(name), "far", None) for name in names] == [None, two]
    finally:
        for name in names:
            detach(name)


def test_a_damaged_block_is_not_there(tmp_path: Path) -> None:
    blocks = BlockFile(tmp_path / "x", len(DATA))
    blocks.put(1, DATA[BLOCK : 2 * BLOCK])
    assert blocks.get(0) is None
    assert blocks.get(1) == DATA[BLOCK : 2 * BLOCK]
    with (tmp_path / "x").open("r+b") as file:
        file.seek(BLOCK + 9)
        file.write(b"\0\0")
    assert blocks.get(1) is None
    blocks.close()
