"""A result and its proof appear as one: whatever ends the publisher, no proof stands beside another's result."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_ops.errors import OutputExists, ParamsInvalid, StoreUnavailable
from media_ops.storage import proved
from media_ops.storage.durable import sync
from media_ops.storage.proved import check_place, proof_path, publish_proved
from media_ops.storage.publish import scratch_beside

# Publishes a pair and kills itself before the call number `sys.argv[3]` that changes the folder.
KILLED = """
import os, signal, sys
from pathlib import Path
from media_ops.storage.proved import publish_proved
from media_ops.storage.publish import scratch_beside
left = int(sys.argv[3])
def counted(change):
    def call(*args, **kwargs):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return change(*args, **kwargs)
    return call
with scratch_beside(Path(sys.argv[1])) as scratch:
    (scratch / "made").write_text("new")
    (scratch / "proof").write_text("proof of new")
    for name in ("replace", "link"):
        setattr(os, name, counted(getattr(os, name)))
    publish_proved(scratch / "made", scratch / "proof", Path(sys.argv[1]), replace=sys.argv[2] == "replace")
print("published")
"""


def state(output: Path) -> tuple[str | None, str | None]:
    both = (output, proof_path(output))
    result, proof = (path.read_text() if path.exists() else None for path in both)
    return result, proof


def publish(output: Path, text: str, *, replace: bool) -> Path:
    with scratch_beside(output) as scratch:
        (scratch / "made").write_text(text)
        (scratch / "proof").write_text(f"proof of {text}")
        return publish_proved(scratch / "made", scratch / "proof", output, replace=replace)


@pytest.mark.parametrize(
    ("how", "before", "states"),
    [
        (
            "replace",
            "old",
            [("old", "proof of old"), ("old", None), ("new", None), ("new", "proof of new")],
        ),
        ("replace", None, [(None, None), (None, None), ("new", None), ("new", "proof of new")]),
        ("add", None, [(None, None), ("new", None), ("new", "proof of new")]),
    ],
)
def test_killed_between_any_two_steps(
    tmp_path: Path, how: str, before: str | None, states: list[tuple[str | None, str | None]]
) -> None:
    for step, wanted in enumerate(states):
        output = tmp_path / f"{step}.mp4"
        if before:
            publish(output, before, replace=False)
        done = subprocess.run([sys.executable, "-c", KILLED, str(output), how, str(step)], capture_output=True)
        ended = wanted == states[-1]
        assert done.returncode == (0 if ended else -signal.SIGKILL), done.stderr
        assert state(output) == wanted
        publish(output, "next", replace=True)
        assert state(output) == ("next", "proof of next")
    assert not list(tmp_path.glob(".media-ops-*"))


def test_an_existing_result_or_proof_is_not_replaced_unless_told(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    assert publish(output, "one", replace=False) == proof_path(output)
    with pytest.raises(OutputExists, match=r"out\.mp4"):
        publish(output, "two", replace=False)
    output.unlink()
    with pytest.raises(OutputExists, match=r"out\.mp4\.proof\.json"):
        publish(output, "two", replace=False)
    assert state(output) == (None, "proof of one")
    publish(output, "two", replace=True)
    assert state(output) == ("two", "proof of two")


@pytest.mark.parametrize("replace", [True, False])
def test_publishers_that_race_never_mix_their_pairs(
    tmp_path: Path, replace: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, chance = tmp_path / "out.mp4", random.Random(5)

    def slow(path: Path) -> None:
        sync(path)
        time.sleep(chance.random() / 100)

    monkeypatch.setattr(proved, "sync", slow)  # publishers meet between any two steps

    def race(number: int) -> bool:
        try:
            publish(output, str(number), replace=replace)
        except OutputExists:
            return False
        return True

    for _ in range(15):
        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(race, range(4)))
        assert won.count(True) == (4 if replace else 1)
        result, proof = state(output)
        assert proof == f"proof of {result}"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "out.mp4.proof.json"]
        for path in list(tmp_path.iterdir()):
            path.unlink()


def test_what_could_not_be_published_leaves_the_old_pair(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    output.mkdir()
    proof_path(output).write_text("proof of the folder's former self")
    with pytest.raises(StoreUnavailable, match="directory"):
        publish(output, "new", replace=True)
    assert proof_path(output).read_text() == "proof of the folder's former self"


def test_places_that_a_proof_must_not_take(tmp_path: Path) -> None:
    output, source = tmp_path / "out.mp4", tmp_path / "source.mp4"
    source.write_text("x")
    check_place("out.mp4", output, str(source), False)
    place = proof_path(output)
    place.symlink_to(source)
    with pytest.raises(ParamsInvalid, match="would replace the source"):
        check_place("out.mp4", output, str(source), True)
    place.unlink()
    place.mkdir()
    with pytest.raises(ParamsInvalid, match="is a folder"):
        check_place("out.mp4", output, str(source), True)
    place.rmdir()
    place.write_text("{}")
    check_place("out.mp4", output, str(source), True)
    with pytest.raises(OutputExists, match="exists already"):
        check_place("out.mp4", output, str(source), False)


@pytest.mark.parametrize("length", [200, 244, 245, 250, 255])
def test_long_names(tmp_path: Path, length: int) -> None:
    output = tmp_path / ("x" * (length - 4) + ".mp4")
    publish(output, "new", replace=False)
    assert state(output) == ("new", "proof of new")
    assert (proof_path(output).name == f"{output.name}.proof.json") == (length <= 244)
    assert len(os.listdir(tmp_path)) == 2
