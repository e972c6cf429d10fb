"""What tests of jobs on a really started Airflow share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from media_airflow.embedded import EmbeddedAirflow

DAG = "transcode_h264"
T = TypeVar("T")


def make_film(path: Path, seconds: int = 24) -> Path:
    """Make a film that is long enough for segments that run for seconds."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=640x360:r=25:d={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=300:r=48000:d={seconds}"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *picture, *sound, *codecs, str(path)], check=True)
    return path


def children(airflow: EmbeddedAirflow, verb: str = "") -> list[psutil.Process]:
    """Give the children of attempts that work on a verb just now, or on any."""
    mine = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "media_ops.worker.child" in words and (not verb or verb in words):
            try:
                if process.environ().get("MEDIA_OPS_INSTANCE") == str(airflow.home):
                    mine.append(process)
            except psutil.Error:
                continue
    return mine


def encoders(airflow: EmbeddedAirflow) -> list[psutil.Process]:
    """Give the children that encode segments just now."""
    return children(airflow, "process")


def wait_until(condition: Callable[[], T | None], seconds: float = 60) -> T:
    """Ask until there is an answer; give it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def wait_for_encoders(airflow: EmbeddedAirflow, seconds: float = 60) -> list[psutil.Process]:
    return wait_until(lambda: encoders(airflow), seconds)


def same(a: Path, b: Path) -> bool:
    return subprocess.run(["media", "compare", str(a), str(b)], env=with_path(), check=False).returncode == 0


def with_path() -> dict[str, str]:
    return dict(os.environ, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
