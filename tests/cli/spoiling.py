"""A result with its proof, and ways to spoil them."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from media_ops.model import JobOptions, Proof, RunReport
from media_ops.run import run
from media_ops.storage.document import read_document, sealed, to_bytes
from tests.media.conftest import Job

FAST = {"preset": "ultrafast"}


def done(source: Path, output: Path, segments: int = 2, replace: bool = True, **params: Any) -> RunReport:
    options = JobOptions(segments=segments)
    report = run("transcode_h264", [str(source)], str(output), FAST | params, options, workers=2, replace=replace)
    assert report.error is None, report.error
    return report


def done_here(source: Path, output: Path, segments: int = 2, **params: Any) -> Proof:
    """Do the same without a process for each verb."""
    with tempfile.TemporaryDirectory() as folder:
        work = Job(source, Path(folder), FAST | params)
        work.output = output
        return work.run(segments).proof


def failed(outcomes: dict[str, str]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome == "failed"}


def rewrite(folder: Path, seal: bool = True, **changes: Any) -> None:
    """Change the proof by hand, and seal it again, as somebody could who means it."""
    place = folder / "out.mp4.proof.json"
    proof = read_document(place).proof.model_copy(update=changes)
    place.write_bytes(to_bytes(sealed(proof) if seal else proof))


def adopt(folder: Path, spoiled: Path) -> None:
    """Put another file in the result's place, so well that its bytes are those of the proof."""
    data = spoiled.read_bytes()
    (folder / "out.mp4").write_bytes(data)
    rewrite(folder, output_size=len(data), output_sha256=hashlib.sha256(data).hexdigest())


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True, timeout=60)


def encoded_anew(pair: Path, shown: Callable[[list[Any]], list[Any]]) -> Path:
    """Encode the result's pictures again in another order, at its times."""
    spoiled = pair / "spoiled.mp4"
    with av.open(str(pair / "out.mp4")) as given:
        frames = list(given.decode(video=0))
        times = [frame.pts for frame in frames]
        base = Fraction(given.streams.video[0].time_base or 1)
    with av.open(str(spoiled), "w", options={"movie_timescale": str(base.denominator)}) as output:
        stream: Any = output.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = base
        for pts, frame in zip(times, shown(frames), strict=True):
            copy: Any = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
            copy.pts, copy.time_base = pts, base
            output.mux(stream.encode(copy))
        output.mux(stream.encode(None))
    return spoiled
