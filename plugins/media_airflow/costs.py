"""What the same work costs in one piece, cut, and with the `ffmpeg` program: whole processes, starts included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media_ops.errors import MediaError, ToolMissing, from_record


@dataclass(frozen=True)
class Cost:
    """User + system seconds of a command and all its children, and the seconds it took."""

    cpu_seconds: float
    wall_seconds: float


@dataclass(frozen=True)
class Work:
    """An encode of one source at given settings, the same for every way of doing it. One thread per process."""

    source: Path
    preset: str
    crf: float
    folder: Path

    def sliced(self, segments: int, workers: int) -> Cost:
        """Cut by our engine."""
        return self._media(["--segments", str(segments), "--workers", str(workers)])

    def whole(self) -> Cost:
        """In one piece by our engine."""
        return self._media(["--whole", "--workers", "1"])

    def ffmpeg(self) -> Cost:
        """In one piece by the `ffmpeg` program, sound copied, every frame at its own time."""
        settings = ["-c:v", "libx264", "-preset", self.preset, "-crf", f"{self.crf:g}", "-threads", "1"]
        times = ["-fps_mode", "passthrough", "-enc_time_base", "-1", "-copyts"]
        streams = ["-map", "0:v:0", "-map", "0:a?", "-c:a", "copy"]
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-i", str(self.source)]
        return run([*command, *streams, *settings, *times, str(self.folder / "ffmpeg.mp4")])[0]

    def _media(self, how: list[str]) -> Cost:
        parameters = ["--param", f"preset={self.preset}", "--param", f"crf={self.crf:g}"]
        output = self.folder / "media.mp4"
        command = [
            sys.executable,
            "-m",
            "media_ops.cli",
            "run",
            "transcode_h264",
            str(self.source),
            "-o",
            str(output),
        ]
        return run([*command, "--json", "--threads", "1", *parameters, *how])[0]


def run(command: list[str]) -> tuple[Cost, dict[str, Any]]:
    """Run a command; give its cost and the JSON it printed, if any.

    Raises the error that `media` reported, or `ToolMissing`. The child is asked to end when we are interrupted, so
    that it can clean up.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        started = time.monotonic()
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=complaint)
        except FileNotFoundError as error:
            raise ToolMissing(f"{command[0]} is not installed: run `make setup`") from error
        try:
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:
            child.terminate()
            child.wait()
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
        cost = Cost(used.ru_utime + used.ru_stime, time.monotonic() - started)
        output.seek(0)
        complaint.seek(0)
        if child.returncode:
            raise _reason(output.read(), complaint.read())
        printed = output.read()
        return cost, json.loads(printed) if printed.startswith(b"{") else {}


def _reason(output: bytes, complaint: bytes) -> MediaError:
    try:
        error = json.loads(output)["error"]
    except (ValueError, KeyError, TypeError):
        error = None
    said = complaint.decode(errors="replace").strip()
    return from_record(error) if error else ToolMissing(said[-300:] or "the command failed without a word")
