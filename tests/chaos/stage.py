"""A real embedded Airflow with a film to work on, and its processes by what they do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from media_airflow.embedded.processes import processes_of
from media_airflow.job import place
from media_ops.storage import Store, open_store
from media_ops.storage.traces import Trace, traces_of

SEGMENTS = 4
CHILD = "media_ops.worker.child"


@dataclass
class Stage:
    """One Airflow, `films` to read from, `temporary` for what attempts write, a small disk for each store."""

    airflow: EmbeddedAirflow
    folder: Path
    temporary: Path
    segments: Store

    def children(self, verb: str = "") -> list[psutil.Process]:
        """Give the children that work on a verb, the oldest first."""
        found = []
        for process in processes_of(self.airflow.layout):
            try:
                words = process.cmdline()
                if CHILD in words and (not verb or words[words.index(CHILD) + 1] == verb):
                    found.append((process.create_time(), process.pid, process))
            except psutil.Error:
                continue
        return [process for _, _, process in sorted(found)]

    def orphans(self) -> list[psutil.Process]:
        """Give processes of the instance that nobody below its supervisor has started, and children at work."""
        kept = self.airflow._supervisor.pid()
        tree = {kept, *(one.pid for one in psutil.Process(kept).children(recursive=True))} if kept else set()
        at_work = {one.pid for one in self.children()}
        return [one for one in processes_of(self.airflow.layout) if one.pid not in tree or one.pid in at_work]

    def leftovers(self) -> list[Path]:
        """Give temporary files and folders that attempts left."""
        return [*self.temporary.rglob("*"), *self.folder.rglob(".media-ops-*")]

    def traces(self, dag_id: str, run_id: str) -> list[Trace]:
        """Give what the attempts of a job left."""
        return traces_of(self.segments, place(dag_id, run_id))

    def segments_done(self, dag_id: str, run_id: str) -> int:
        """Count the finished segments of a job."""
        found = self.traces(dag_id, run_id)
        return len({one.order for one in found if one.event == "process" and one.outcome == "succeeded"})


def wait_for(what: str, ask: Callable[[], Any], seconds: float = 120, every: float = 0.05) -> Any:
    """Ask until there is an answer; give it."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(every)
    return answer


def make_film(path: Path, title: str, seconds: int = 24) -> Path:
    """Make a film with sound; films of other titles have the same pictures, and other bytes."""
    if title:
        plain = make_film(path.with_name("plain.mp4"), "", seconds)
        tag = ["-map", "0", "-c", "copy", "-metadata", f"title={title}"]
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(plain), *tag, str(path)], check=True)
        return path
    if not path.exists():
        picture = ["-f", "lavfi", "-i", f"testsrc2=s=640x360:r=25:d={seconds}"]
        sound = ["-f", "lavfi", "-i", f"sine=300:r=48000:d={seconds}"]
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p"]
        command = ["ffmpeg", "-v", "error", "-nostdin", *picture, *sound, *codecs, "-c:a", "aac", str(path)]
        subprocess.run(command, check=True)
    return path


def pictures(path: Path) -> list[str]:
    """Decode all of a file with another program than ours: a line for each frame, its time and its digest."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-xerror", "-i", str(path)]
    command += ["-map", "0:v", "-map", "0:a", "-f", "framemd5", "-"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return [line for line in done.stdout.splitlines() if not line.startswith("#")]


def run_states(client: AirflowClient, dag_id: str, run_id: str) -> Iterator[tuple[str, int, str]]:
    """Give task, map index and state of each task instance."""
    for one in client.task_instances(dag_id, run_id):
        yield one["task_id"], one["map_index"], one["state"]


def store_of(address: str) -> Store:
    """Open the store of a job's parts below a home of stores."""
    return open_store(f"{address}/media-segment")
