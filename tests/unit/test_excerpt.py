"""An excerpt gives the bytes that it keeps at their own places, and says so where it is damaged."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from media_ops.storage.excerpt import Excerpt, joined_ranges, stored_excerpt, write_excerpt
from media_ops.storage.folder import FolderStore
from media_ops.storage.memory import MemoryStore
from media_ops.storage.port import Store

DATA = random.Random(1).randbytes(5000)
KEPT = [(0, 10), (100, 101), (101 + 50, 2000), (4990, 5000)]


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "excerpt"
    return path, write_excerpt(io.BytesIO(DATA), len(DATA), KEPT, path, b"abc")


def test_it_is_the_file_with_filled_gaps(made: tuple[Path, str]) -> None:
    wanted = bytearray(b"abc" * 2000)[: len(DATA)]
    for (_, end), (start, _) in zip([(0, 0), *KEPT], [*KEPT, (5000, 5000)], strict=True):
        wanted[end:start] = (b"abc" * 2000)[: start - end]
    for start, end in KEPT:
        wanted[start:end] = DATA[start:end]
    excerpt = Excerpt(made[0].open("rb"))
    file = excerpt.open("x.mp4")
    assert (file.name, file.seek(0, io.SEEK_END)) == ("x.mp4", 5000)
    file.seek(0)
    assert file.read() == wanted
    chance = random.Random(2)
    for _ in range(500):
        place = file.seek(chance.randrange(5100))
        length = chance.randrange(300)
        assert file.read(length) == wanted[place : place + length]
    excerpt.close()


def test_what_it_lacks_may_come_from_elsewhere(made: tuple[Path, str]) -> None:
    excerpt = Excerpt(made[0].open("rb"))
    asked = []

    def beyond(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return DATA[offset : offset + length]

    excerpt.beyond = beyond
    assert excerpt.read(0, 5000) == DATA
    assert asked == [(10, 90), (101, 50), (2000, 2990)]
    excerpt.close()


def test_a_failure_is_remembered(made: tuple[Path, str]) -> None:
    path, _ = made
    excerpt = Excerpt(path.open("rb"))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)
    with pytest.raises(OSError, match="in the middle of what it keeps"):
        excerpt.read(4980, 20)
    assert isinstance(excerpt.failure, OSError)
    excerpt.close()


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_stored_one_is_checked(made: tuple[Path, str], tmp_path: Path, kind: str) -> None:
    path, sha256 = made
    store: Store = FolderStore(tmp_path / "store") if kind == "folder" else MemoryStore()
    data = path.read_bytes()
    assert stored_excerpt(store, f"job/{sha256}") is None
    store.put(f"job/{sha256}", data)
    excerpt = stored_excerpt(store, f"job/{sha256}")
    assert excerpt
    assert excerpt.read(151, 1849) == DATA[151:2000]
    excerpt.close()
    store.put(f"job/{sha256}", data[:-1] + bytes([data[-1] ^ 1]))
    assert stored_excerpt(store, f"job/{sha256}") is None


def test_ranges_are_joined_over_short_gaps() -> None:
    assert joined_ranges([(50, 60), (0, 10), (5, 20), (25, 30), (40, 40)], 5) == [(0, 30), (50, 60)]
    with pytest.raises(ValueError, match="ascend"):
        write_excerpt(io.BytesIO(DATA), len(DATA), [(0, 10), (10, 20)], Path("/nowhere"))
