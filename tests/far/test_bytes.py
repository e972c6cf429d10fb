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

RECIPE = (
    "-f lavfi -i testsrc2=s=640x360:r=25:d=20 -f lavfi -i sine=440:r=48000:d=20 -f lavfi -i anoisesrc=r=48000:d=20"
)
CODING = "-vf noise=alls=90:allf=t -c:v libx264 -preset ultrafast -qp 6 -g 25 -pix_fmt yuv420p -c:a:0 aac"
WORDS = "1\n00:00:01,000 --> 00:00:04,000\nearly\n\n2\n00:00:17,000 --> 00:00:19,000\nlate\n"
# What else is in it, and what becomes of that in MP4.
BESIDE = {
    "big.mp4": ("-map 0:v -map 1:a -map 3:s -c:s mov_text", ["copy", "copy"]),
    "big.mkv": ("-map 0:v -map 1:a -map 2:a -map 3:s -c:a:1 libvorbis -c:s srt", ["copy", "encode", "encode"]),
    "big.ts": ("-map 0:v -map 1:a -map 2:a -c:a:1 mp2", ["copy", "encode"]),
}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web(tmp_path) as state:
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", state.host)
        monkeypatch.setenv("MEDIA_OPS_HTTP_PRIVATE", "1")
        yield state


@pytest.mark.parametrize("name", list(BESIDE))
@pytest.mark.parametrize("sharing", [True, False], ids=["one machine", "machines of their own"])
def test_few_bytes_are_fetched(
    server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sharing: bool
) -> None:
    source, output = tmp_path / name, tmp_path / "out" / "out.mp4"
    output.parent.mkdir()
    (tmp_path / "words.srt").write_text(WORDS)
    beside, expected = BESIDE[name]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "2", *RECIPE.split(), "-i", "words.srt"]
    command += [*beside.split(), *CODING.split(), str(source)]
    subprocess.run(command, check=True, timeout=120, cwd=tmp_path)
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
    assert report.proof
    assert [track.action for track in report.proof.tracks] == expected
    assert report.metrics["bytes_read"] == server.sent == sum(fetched.values())
    if sharing:
        assert server.sent < 1.01 * size
    else:
        assert fetched["process"] <= 1.3 * size
        assert fetched["audio"] + fetched["merge"] <= 0.1 * size
        assert server.sent <= 2.4 * size
