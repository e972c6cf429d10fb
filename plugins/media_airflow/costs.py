"""What the same work costs in one piece, cut, and with the `ffmpeg` program: whole processes, starts included."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

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
        params = {"preset": self.preset, "crf": f"{self.crf:g}"}
        return run(media("transcode_h264", self.source, self.folder / "media.mp4", params, *how))[0]


def media(algorithm: str, source: Path, output: Path, params: Mapping[str, object], *how: str) -> list[str]:
    """Write the command of one job, one thread per process."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    given = [part for name, text in texts.items() for part in ("--param", f"{name}={text}")]
    job = ["run", algorithm, str(source), "-o", str(output), "--json", "--threads", "1"]
    return [sys.executable, "-m", "media_ops.cli", *job, *given, *how]


def run(command: list[str]) -> tuple[Cost, dict[str, Any]]:
    """Run a command; give its cost and the JSON it printed, if any.

    Raises the error that `media` reported, or `ToolMissing`. The child is asked to end when we are interrupted, so
    that it can clean up.
    """
    return side_by_side([command])[0]


def side_by_side(commands: Sequence[list[str]]) -> list[tuple[Cost, dict[str, Any]]]:
    """Run commands at the same time, each as `run` does; those that ended first have waited for the others."""
    with contextlib.ExitStack() as files:
        children: list[_Child] = []
        try:
            for command in commands:
                said = files.enter_context(tempfile.TemporaryFile())
                complained = files.enter_context(tempfile.TemporaryFile())
                children.append(_Child(command, said, complained))
            for child in children:
                child.wait()
        finally:
            for child in children:
                child.stop()
        return [child.result() for child in children]


class _Child:
    """A command that was started, and what it says."""

    def __init__(self, command: list[str], output: IO[bytes], complaint: IO[bytes]) -> None:
        self._output, self._complaint = output, complaint
        self._cost: Cost | None = None
        self._started = time.monotonic()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._complaint
            )
        except FileNotFoundError as error:
            raise ToolMissing(f"{command[0]} is not installed: run `make setup`") from error

    def wait(self) -> None:
        """Wait for its end, and note what it cost."""
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._cost = Cost(used.ru_utime + used.ru_stime, time.monotonic() - self._started)

    def stop(self) -> None:
        """Ask it to end if it has not, and wait until it has."""
        if self._process.returncode is None:
            self._process.terminate()
            self._process.wait()

    def result(self) -> tuple[Cost, dict[str, Any]]:
        """Give its cost and the JSON it printed, or raise what it reported."""
        assert self._cost is not None
        self._output.seek(0)
        self._complaint.seek(0)
        if self._process.returncode:
            raise _reason(self._output.read(), self._complaint.read())
        printed = self._output.read()
        return self._cost, json.loads(printed) if printed.startswith(b"{") else {}


def _reason(output: bytes, complaint: bytes) -> MediaError:
    try:
        error = json.loads(output)["error"]
    except (ValueError, KeyError, TypeError):
        error = None
    said = complaint.decode(errors="replace").strip()
    return from_record(error) if error else ToolMissing(said[-300:] or "the command failed without a word")
