"""Outputs appear whole or not at all, and nothing stays beside them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_ops.errors import OutputExists, StoreUnavailable
from media_ops.storage.publish import clear_leftovers, publish, scratch_beside

HOLDER = """
import sys, threading
from pathlib import Path
from media_ops.storage.publish import scratch_beside
with scratch_beside(Path(sys.argv[1])) as scratch:
    (scratch / "deep").mkdir()
    (scratch / "deep" / "file").write_bytes(b"x")
    print("ready", flush=True)
    threading.Event().wait()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_publish_replaces_only_if_told(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    for body in (b"one", b"two"):
        with scratch_beside(output) as scratch:
            assert scratch.parent == tmp_path
            made = scratch / "made.mp4"
            made.write_bytes(body)
            publish(made, output, replace=True)
            assert output.read_bytes() == body
            made.write_bytes(b"three")
            with pytest.raises(OutputExists, match=r"out\.mp4"):
                publish(made, output, replace=False)
        assert output.read_bytes() == body
    assert names(tmp_path) == ["out.mp4"]


def test_one_of_many_publishers_wins(tmp_path: Path) -> None:
    output = tmp_path / "out"

    def race(number: int) -> bool:
        with scratch_beside(output) as scratch:
            (scratch / "made").write_bytes(bytes([number]))
            try:
                publish(scratch / "made", output, replace=False)
            except OutputExists:
                return False
            return True

    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(race, range(20)))
    assert won.count(True) == 1
    assert output.read_bytes() == bytes([won.index(True)])
    assert names(tmp_path) == ["out"]


def test_scratch_goes_when_work_fails(tmp_path: Path) -> None:
    def work() -> None:
        with scratch_beside(tmp_path / "out") as scratch:
            (scratch / "half").write_bytes(b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert names(tmp_path) == []


def test_leftovers_of_the_dead_go_and_work_of_the_living_stays(tmp_path: Path) -> None:
    output = tmp_path / "out"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(output)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    clear_leftovers(tmp_path)
    assert len(names(tmp_path)) == 1
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert len(names(tmp_path)) == 1
    with scratch_beside(output) as scratch:
        assert names(tmp_path) == [scratch.name]
    assert names(tmp_path) == []


def test_a_folder_that_was_never_locked_goes_later(tmp_path: Path) -> None:
    orphan = tmp_path / ".media-ops-1-x"
    orphan.mkdir()
    clear_leftovers(tmp_path)
    assert orphan.exists()
    os.utime(orphan, (0, 0))
    clear_leftovers(tmp_path)
    assert not orphan.exists()


def test_a_destination_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreUnavailable, match="folder"):
        publish(tmp_path / "made", tmp_path / "folder", replace=True)
    with pytest.raises(StoreUnavailable, match="nowhere"), scratch_beside(tmp_path / "nowhere" / "out"):
        pass
