"""What tests of jobs on a really started Airflow share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from media_airflow.embedded import EmbeddedAirflow

DAG = "transcode_h264"


def make_film(path: Path) -> Path:
    """Make a film that is long enough for segments that run for seconds."""
    source = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=24", "-f", "lavfi", "-i", "sine=300:r=48000:d=24"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *source, *codecs, str(path)], check=True)
    return path


def encoders(airflow: EmbeddedAirflow) -> list[psutil.Process]:
    """The children that encode segments just now."""
    mine = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "media_ops.worker.child" in words and "process" in words:
            try:
                if process.environ().get("MEDIA_OPS_INSTANCE") == str(airflow.home):
                    mine.append(process)
            except psutil.Error:
                continue
    return mine


def wait_for_encoders(airflow: EmbeddedAirflow, seconds: float = 60) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := encoders(airflow):
            return found
        time.sleep(0.1)
    raise AssertionError("no segment was ever encoded")


def same(a: Path, b: Path) -> bool:
    return subprocess.run(["media", "compare", str(a), str(b)], env=with_path(), check=False).returncode == 0


def with_path() -> dict[str, str]:
    return dict(os.environ, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
