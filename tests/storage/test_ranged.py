"""Reading by bounded ranges gives what a plain file gives, and asks for no more than it must."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ops.errors import StoreUnavailable
from media_ops.storage.ranged import RangedFile
from tests.conftest import Clip

DATA = bytes(range(251)) * 7


def ranged(data: bytes, **how: Any) -> RangedFile:
    return RangedFile(lambda offset, length: data[offset : offset + length], len(data), **how)


STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(-300, 2000), st.integers(-1, 500)), max_size=12)


@given(STEPS, st.integers(1, 300), st.integers(1, 4))
def test_it_reads_what_a_file_reads(steps: list[tuple[int, int, int]], block: int, kept: int) -> None:
    file, plain = ranged(DATA, block=block, kept=kept), io.BytesIO(DATA)
    for whence, offset, size in steps:
        base = (0, plain.tell(), len(DATA))[whence]
        if base + offset < 0:
            with pytest.raises(ValueError, match="before the beginning"):
                file.seek(offset, whence)
            continue
        assert file.seek(offset, whence) == plain.seek(offset, whence)
        assert file.read(size) == plain.read(size)
        assert file.tell() == plain.tell()


def test_a_block_is_fetched_once_while_it_is_kept() -> None:
    file = ranged(DATA, block=100, kept=2)
    for place in (5, 15, 105, 5, 105):
        file.seek(place)
        file.read(10)
    assert (file.requests, file.bytes_read) == (2, 200)
    file.seek(205)
    file.read(1)
    file.seek(5)
    file.read(1)
    assert file.requests == 4


def test_the_block_that_was_not_used_for_longest_goes() -> None:
    file = ranged(DATA, block=100, kept=2)
    for place in (5, 105, 5, 205, 5, 205):  # the last two are kept: 105 was used longer ago than 5
        file.seek(place)
        assert file.read(10) == DATA[place : place + 10]
    assert file.requests == 3
    file.seek(105)
    file.read(1)
    assert file.requests == 4


def test_the_first_block_that_came_with_opening_is_not_fetched_again() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return DATA[offset : offset + length]

    file = RangedFile(fetch, len(DATA), block=100, first=DATA[:100])
    assert file.read(100) == DATA[:100]
    assert file.fetch(10, 90) == DATA[10:100]
    assert asked == []
    assert file.fetch(10, 91) == DATA[10:101]
    assert file.read(1) == DATA[100:101]
    assert asked == [(10, 91), (100, 100)]
    assert (file.requests, file.bytes_read) == (3, 291)  # what came with opening was fetched, too


def test_a_buffer_is_filled_as_far_as_there_is_anything() -> None:
    file, buffer = ranged(DATA, block=100), bytearray(b"x" * 300)
    assert file.readinto(buffer) == 300
    assert buffer == DATA[:300]
    file.seek(-5, io.SEEK_END)
    assert file.readinto(buffer) == 5
    assert buffer == DATA[-5:] + DATA[5:300]
    assert file.readinto(buffer) == 0


def test_an_object_that_was_cut_is_no_end_of_file() -> None:
    file = RangedFile(lambda offset, length: DATA[offset : offset + length][:-1], len(DATA))
    with pytest.raises(StoreUnavailable, match="1756 bytes instead of 1757"):
        file.read()


def test_pyav_decodes_through_it(clip: Clip) -> None:
    path: Path = clip("plain.mp4")
    file = ranged(path.read_bytes(), block=4096, kept=64)
    with av.open(file, "r") as far, av.open(str(path), "r") as near:
        assert [frame.pts for frame in far.decode(video=0)] == [frame.pts for frame in near.decode(video=0)]
    assert file.bytes_read <= 1.3 * path.stat().st_size
