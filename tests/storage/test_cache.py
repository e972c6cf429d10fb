"""The cache between processes, any of which may be killed: bounded, never wrong, nobody robbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from media_ops.storage.alone import alone
from media_ops.storage.cache import BlockCache
from media_ops.storage.ranged import BLOCK

BLOCKS = 8
SIZE = BLOCKS * BLOCK - 5
ROOM = 16384  # digests, and what the disk needs itself

HOLDER = """
import sys
from pathlib import Path
from media_ops.storage.cache import BlockCache
held = BlockCache(Path(sys.argv[1]), int(sys.argv[2])).open(sys.argv[3], int(sys.argv[4]))
print("held", flush=True)
sys.stdin.read()
"""
HALF_WRITTEN = """
import os, sys, threading
from pathlib import Path
from media_ops.storage import blocks
from media_ops.storage.cache import BlockCache
real = os.pwrite
def half(descriptor, data, place):
    real(descriptor, data[: len(data) // 2 if sys.argv[3] == "data" else None], place)
    print("written", flush=True)
    threading.Event().wait()
blocks.os.pwrite = half
BlockCache(Path(sys.argv[1]), 1 << 30).open(sys.argv[2], 1 << 20).put(0, b"x" * (1 << 18))
"""
USER = """
import os, random, sys
from pathlib import Path
from media_ops.storage.cache import BlockCache
from media_ops.storage.ranged import BLOCK
folder, most, seed, count, blocks, size = sys.argv[1], *map(int, sys.argv[2:])
chance = random.Random(seed)
def content(name, number, many):
    whole = b"".join(random.Random(f"{name} {n}").randbytes(BLOCK) for n in range(number, number + many))
    return whole[: size - number * BLOCK]
hits = 0
while True:
    name = str(chance.randrange(count)) * 64
    held = BlockCache(Path(folder), most).open(name, size)
    assert held is not None, "not opened"
    for _ in range(chance.randrange(1, 12)):
        number = chance.randrange(blocks)
        found = held.get(number)
        assert found in (None, content(name, number, 1)), f"another block than {number} of {name}"
        if found is None:
            held.put(number, content(name, number, chance.randrange(1, 1 + blocks - number)))
        elif not hits:
            hits += 1
            print("hit", flush=True)
        assert os.path.samestat(os.stat(f"{folder}/blocks/{name}"), os.fstat(held._file)), "removed while it was held"
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def taken(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in (folder / "blocks").iterdir())


def filled(cache: BlockCache, name: str, used: float) -> None:
    """Keep all blocks of a source that was last used so many seconds ago."""
    blocks = cache.open(name, SIZE)
    assert blocks
    assert blocks.put(0, bytes(SIZE))
    blocks.close()
    then = time.time() - used
    os.utime(cache.folder / name, (then, then))


def test_the_longest_unused_go_first_and_whole(tmp_path: Path) -> None:
    cache = BlockCache(tmp_path, 3 * (SIZE + ROOM))
    for name, used in (("b", 20), ("a", 30), ("c", 10)):
        filled(cache, name * 64, used)
    again = cache.open("a" * 64, SIZE)  # used once more
    assert again
    again.close()
    filled(cache, "d" * 64, 0)
    assert sorted(os.listdir(cache.folder)) == [name * 64 for name in "acd"]
    assert taken(tmp_path) <= cache.most
    assert BlockCache(tmp_path, SIZE + ROOM).open("d" * 64, SIZE)  # the bound was lowered
    assert os.listdir(cache.folder) == ["d" * 64]


def test_what_a_process_has_open_stays_until_it_is_killed(tmp_path: Path) -> None:
    cache = BlockCache(tmp_path, SIZE + ROOM)
    filled(cache, "a" * 64, 1000)
    holder = start(HOLDER, tmp_path, cache.most, "a" * 64, SIZE)
    try:
        assert said(holder) == "held"
        other = cache.open("b" * 64, SIZE)
        assert other
        assert not other.put(0, bytes(SIZE))
        assert other.get(0) is None
        kept = cache.open("a" * 64, SIZE)
        assert kept
        assert [kept.get(number) is not None for number in range(BLOCKS)] == [True] * BLOCKS
        kept.close()
    finally:
        kill(holder)
    assert other.put(0, bytes(SIZE))
    assert os.listdir(cache.folder) == ["b" * 64]


@pytest.mark.parametrize("during", [pytest.param("data", marks=pytest.mark.slow), "digest"])
def test_a_half_written_block_of_a_killed_writer_is_not_there(tmp_path: Path, during: str) -> None:
    writer = start(HALF_WRITTEN, tmp_path, "a" * 64, during)
    assert said(writer) == "written"
    waiting = BlockCache(tmp_path, 1 << 30).open("a" * 64, 1 << 20)
    assert waiting
    assert not waiting.put(1, b"y" * BLOCK)  # one writes at a time, and this one never ends
    began = time.monotonic()
    assert not waiting.put(1, b"y" * BLOCK)
    assert time.monotonic() - began < 0.9  # who waited in vain does not wait each time
    kill(writer)
    blocks = BlockCache(tmp_path, 1 << 30).open("a" * 64, 1 << 20)
    assert blocks
    assert blocks.get(0) is None
    assert blocks.put(0, b"x" * BLOCK)
    assert blocks.get(0) == waiting.get(0) == b"x" * BLOCK


@pytest.mark.parametrize("kills", [4, pytest.param(80, marks=pytest.mark.slow)])
def test_many_processes_that_are_killed(tmp_path: Path, kills: int) -> None:
    """They read, write and remove without end; nothing wrong is read, and at no moment is there too much."""
    most, names, chance, most_seen = 3 * (SIZE + ROOM), 6, random.Random(3), 0
    cache = BlockCache(tmp_path, most)
    assert cache.open("0" * 64, SIZE)
    descriptor, users = os.open(cache.folder, os.O_RDONLY), list[subprocess.Popen[str]]()
    try:
        while kills:
            while len(users) < 3:
                users.append(start(USER, tmp_path, most, chance.randrange(10**9), names, BLOCKS, SIZE))
                assert said(users[-1]) == "hit", users[-1].communicate()[1]
            for _ in range(chance.randrange(20)):
                with alone(descriptor, 30):
                    most_seen = max(most_seen, taken(tmp_path))
                time.sleep(chance.random() / 50)
            assert [user.poll() for user in users] == [None] * 3, [user.communicate()[1] for user in users]
            kill(users.pop(chance.randrange(3)))
            kills -= 1
    finally:
        os.close(descriptor)
        for user in users:
            kill(user)
    assert most // 2 < most_seen <= most
    # The dead hold nothing: all there is can be removed.
    last = BlockCache(tmp_path, 1).open("f" * 64, SIZE)
    assert last
    # One that was killed before its first block left a file that takes no room.
    held = {path.name for path in cache.folder.iterdir() if path.stat().st_blocks}
    assert held <= {"f" * 64}
