"""How many bytes of a source that is worth ranges are fetched, by a job and by workers that share nothing."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_ops.model import JobOptions
from media_ops.run import run
from media_ops.storage.far import SMALL
from media_ops.worker.attempt import Attempt
from tests.far.web import Web, web

pytestmark = pytest.mark.slow

RECIPE = "-f lavfi -i testsrc2=s=640x360:r=25:d=20 -f lavfi -i sine=440:r=48000:d=20 -vf noise=alls=90:allf=t"
CODING = "-c:v libx264 -preset ultrafast -qp 6 -g 25 -pix_fmt yuv420p -c:a aac"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web(tmp_path) as state:
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", state.host)
        monkeypatch.setenv("MEDIA_OPS_HTTP_PRIVATE", "1")
        yield state


@pytest.mark.parametrize("name", ["big.mp4", "big.mkv", "big.ts"])
@pytest.mark.parametrize("sharing", [True, False], ids=["one machine", "machines of their own"])
def test_few_bytes_are_fetched(
    server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sharing: bool
) -> None:
    source, output = tmp_path / name, tmp_path / "out" / "out.mp4"
    output.parent.mkdir()
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "2", *RECIPE.split(), *CODING.split(), str(source)]
    subprocess.run(command, check=True, timeout=120)
    size = source.stat().st_size
    assert size > 3 * SMALL
    fetched: dict[str, int] = defaultdict(int)
    real = Attempt.run

    def noted(self: Attempt[Any], *more: Any) -> Any:
        if not sharing:
            self.request = self.request.model_copy(update={"kept": ""})
        result = real(self, *more)
        fetched[self.verb] += result.metrics.bytes_read
        return result

    monkeypatch.setattr(Attempt, "run", noted)
    params, options = {"preset": "ultrafast"}, JobOptions(segments=5)
    report = run("transcode_h264", [server.url(name)], str(output), params, options, workers=2)
    source.unlink()
    assert report.outcome == "succeeded", report.error
    assert report.metrics["bytes_read"] == server.sent == sum(fetched.values())
    if sharing:
        assert server.sent < 1.01 * size
    else:
        assert fetched["process"] <= 1.3 * size
