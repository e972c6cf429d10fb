"""A job taken verb by verb in this process, so that a test can spoil what lies between two of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from media_ops import registry
from media_ops.analyse import analyse, conclude
from media_ops.audio import prepare_audio
from media_ops.cut import cut
from media_ops.merge import merge
from media_ops.model import AudioResult, JobOptions, Plan, SegmentResult, Slicing
from media_ops.probe import probe
from media_ops.process import process
from media_ops.requests import (
    AnalyseRequest,
    AudioRequest,
    ConcludeRequest,
    Fence,
    MergeRequest,
    MergeResult,
    ProbeRequest,
    ProbeResult,
    ProcessRequest,
    Reuse,
    StoredFile,
)


def _silent(*_: Any) -> None:
    return None


@dataclass
class Job:
    """One job on `source`; results lie in `folder`."""

    source: Path
    folder: Path
    params: dict[str, Any] = field(default_factory=lambda: {"preset": "ultrafast"})
    algorithm: str = "transcode_h264"
    extension: str = ".mp4"
    on_damage: Literal["strict", "conceal"] = "strict"
    slicing: Slicing | None = None
    files: dict[str, StoredFile] = field(default_factory=dict)
    artefact: str | None = None
    reuse: Reuse | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = str(self.folder / "store")
        self.output = self.folder / f"output{self.extension}"

    def probe(self) -> ProbeResult:
        request = ProbeRequest(
            source=str(self.source),
            store=self.store,
            prefix="job",
            thorough=self.on_damage == "conceal",
            algorithm=self.algorithm,
            params=self.params,
        )
        found = probe(request, _silent)
        self.files = found.files
        return found

    def plan(self, probed: ProbeResult, **options: Any) -> Plan:
        algorithm = registry.get(self.algorithm).from_params(self.params)
        wishes = JobOptions(on_damage=self.on_damage, **options)
        plan = cut(probed, algorithm, wishes, store=self.store, prefix="job", workers=2)
        self.slicing = plan.slicing
        return plan

    def look(self, plan: Plan) -> None:
        """Let the algorithm look at the film first, if it wants to."""
        if not plan.looked:
            return
        common: dict[str, Any] = {
            "store": self.store,
            "prefix": "job",
            "algorithm": self.algorithm,
            "params": self.params,
            "trace_id": "look",
        }
        parts = [
            analyse(
                AnalyseRequest(source=str(self.source), segment=part, files=self.files, **common),
                self.folder,
                _silent,
            )
            for part in plan.looked
        ]
        found = [part.artefact for part in parts]
        if registry.get(self.algorithm).analyses() == "whole":
            (self.artefact,) = found
        else:
            self.artefact = conclude(ConcludeRequest(parts=found, **common)).artefact

    def segment(self, plan: Plan, order: int, *, fence: Fence | None = None, **changes: Any) -> SegmentResult:
        scratch = self.folder / f"scratch-{order}-{len(changes)}"
        scratch.mkdir(exist_ok=True)
        request = ProcessRequest(
            source=str(self.source),
            store=self.store,
            prefix="job",
            segment=plan.segments[order],
            algorithm=self.algorithm,
            params=self.params | changes,
            files=self.files,
            artefact=self.artefact,
            trace_id=f"try-{order}-{len(changes)}",
            conceal=self.on_damage == "conceal",
            reuse=self.reuse,
            fence=fence,
        )
        return process(request, scratch, _silent)

    def audio(self) -> AudioResult:
        request = AudioRequest(source=str(self.source), store=self.store, prefix="job", container=self.extension)
        scratch = self.folder / "scratch-audio"
        scratch.mkdir(exist_ok=True)
        return prepare_audio(request, scratch, _silent)

    def merge(
        self, probed: ProbeResult, plan: Plan, results: list[SegmentResult], audio: AudioResult | None, **more: Any
    ) -> MergeResult:
        request = MergeRequest(
            source=str(self.source),
            store=self.store,
            prefix="job",
            output=str(self.output),
            container=self.output.suffix,
            algorithm=self.algorithm,
            params=self.params,
            plan=plan,
            index=probed.index,
            results=results,
            files=self.files,
            artefact=self.artefact,
            audio=audio,
            **more,
        )
        return merge(request, self.output.parent, _silent, process)

    def run(
        self, segments: int, order: Callable[[list[int]], list[int]] = list, blend: bool = False, **more: Any
    ) -> MergeResult:
        """Do it all; `order` says in which order the segments are finished."""
        probed = self.probe()
        plan = self.plan(probed, segments=segments, blend=blend)
        self.look(plan)
        done = {number: self.segment(plan, number) for number in order(list(range(len(plan.segments))))}
        audio = self.audio() if probed.profile.has_audio else None
        return self.merge(probed, plan, [done[number] for number in sorted(done)], audio, **more)


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Start a job on a clip."""

    def start(source: Path, **settings: Any) -> Job:
        return Job(source, tmp_path / f"job-{len(list(tmp_path.iterdir()))}", **settings)

    return start


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a clip of the given name with the ffmpeg program's arguments, once."""
    folder = tmp_path_factory.mktemp("films")

    def make(name: str, *arguments: str) -> Path:
        path = folder / name
        if not path.exists():
            command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", *arguments, str(path)]
            subprocess.run(command, check=True, timeout=60)
        return path

    return make
