"""How many bytes of a far source all tasks of a job fetch together, on a machine with a cache and on one without."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.storage.far import SMALL
from tests.dags.conftest import Place, Run
from tests.far.conftest import served
from tests.far.web import Web

__all__ = ["served"]

pytestmark = pytest.mark.airflow

RECIPE = "-f lavfi -i testsrc2=s=640x360:r=25:d=10 -f lavfi -i sine=440:r=48000:d=10 -vf noise=alls=90:allf=t"
CODING = "-c:v libx264 -preset ultrafast -qp 6 -g 25 -pix_fmt yuv420p -c:a aac"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDIA_OPS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fetched(done: Run) -> int:
    """Give what the run says."""
    return int(done.outcome["figures"]["bytes_read"])


@pytest.mark.slow
def test_a_job_fetches_its_source_once(
    run: Callable[..., Run], place: Place, clip: Path, served: Web, cache: Path
) -> None:
    (served.folder / "clip.mp4").write_bytes(clip.read_bytes())
    os.utime(served.folder / "clip.mp4", (1000, 1000))
    output, source = str(place.root / "out.mp4"), served.url("clip.mp4")
    done = run(source=source, output=output, segments=2, preset="ultrafast")
    assert done.outcome["outcome"] == "succeeded"
    assert clip.stat().st_size <= served.sent == fetched(done) < clip.stat().st_size + 64
    assert list(place.scratch.iterdir()) == []
    assert len(list((cache / "blocks").iterdir())) == 1


@pytest.mark.slow
@pytest.mark.parametrize("most", ["", "1GiB", "40MB"])
def test_few_bytes_of_a_source_that_is_worth_ranges(
    run: Callable[..., Run],
    place: Place,
    served: Web,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    most: str,
    record_property: Callable[[str, Any], None],
) -> None:
    source = served.folder / "big.mp4"
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "2", *RECIPE.split(), *CODING.split(), str(source)]
    subprocess.run(command, check=True, timeout=120)
    size = source.stat().st_size
    assert size > SMALL
    monkeypatch.setenv("MEDIA_OPS_CACHE_BYTES", most or "0")
    done = run(source=served.url("big.mp4"), output=str(place.root / "o.mp4"), segments=5, preset="ultrafast")
    assert done.outcome["outcome"] == "succeeded"
    assert fetched(done) == served.sent
    times = served.sent / size
    record_property("times the source", round(times, 3))
    print(f"{most or 'no cache'}: {times:.3f} times the source in {len(served.asked)} requests")
    if most == "1GiB":
        assert times < 1.01
    elif most:  # what there is no room for is fetched as if there were no cache
        assert times < 4.1
        assert sum(path.stat().st_blocks * 512 for path in (cache / "blocks").iterdir()) <= 40_000_000
    else:  # tasks share nothing: the probe, the segments together, and a little
        assert 2 <= times < 2.4
