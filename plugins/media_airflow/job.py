"""A DAG run read as a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from media_airflow.params import JOB_FIELDS
from media_airflow.roots import output_place, source_file
from media_airflow.settings import Settings
from media_ops.algorithm import DOCUMENT, Algorithm, MeasureAlgorithm
from media_ops.asked import CONTAINERS
from media_ops.encoders.chosen import check_container
from media_ops.errors import ParamsInvalid, StoreUnavailable
from media_ops.manifest import check_free, manifest_of, output_of
from media_ops.model import SEAM_LIMIT_DB, JobOptions, Segment
from media_ops.publishing import Wanted
from media_ops.registry import get
from media_ops.requests import ProbeResult
from media_ops.state.place import place as place
from media_ops.storage.far import is_far


@dataclass(frozen=True)
class Job:
    """What was asked for, validated; the two places are still as they were written."""

    algorithm: Algorithm
    source: str
    output: str
    container: str
    replace: bool
    force: bool
    options: JobOptions
    settings: Settings
    prefix: str

    @property
    def params(self) -> dict[str, Any]:
        """The algorithm's parameters, defaults filled in, as JSON."""
        params: dict[str, Any] = self.algorithm.params.model_dump(mode="json")
        return params

    def source_file(self) -> str:
        """Give the resolved source, or refuse it; asked anew by each task, because a link can be turned meanwhile."""
        return source_file(self.source, self.settings)

    def source_of(self, segment: Segment, probe: ProbeResult) -> str:
        """Give what a segment is read from; where it has a slice, a file that was probed need not be here."""
        if segment.slice and not is_far(self.source):
            return probe.profile.source
        return self.source_file()

    def wanted(self, source: str) -> Wanted:
        """Say where the result goes, or refuse that."""
        if not self.output and self.container == DOCUMENT:
            name = self.algorithm.name()
            raise ParamsInvalid(f"{name}: parameter 'output' is missing: say where the document goes")
        wanted = Wanted("", self.container, True)
        if self.output and not self.algorithm.several:
            wanted = output_place(self.output, self.settings, source=source, replace=self.replace)
        if self.algorithm.several:
            wanted = self._wanted_ladder(source)
        check_container(self.algorithm, wanted.container)
        return wanted

    def _wanted_ladder(self, source: str) -> Wanted:
        """Do so for all files of a ladder, which stand beside the output that was asked for."""
        if not self.output:
            raise ParamsInvalid(f"{self.algorithm.name()}: parameter 'output' is missing: its files stand beside it")
        wanted = output_place(self.output, self.settings, source=source, replace=True)
        for name in self.algorithm.renditions():
            output_place(output_of(wanted.output, name), self.settings, source=source, replace=self.replace)
        check_free(manifest_of(wanted.output), source, self.replace)
        return replace(wanted, replace=self.replace)

    def ready(self, source: str) -> Wanted:
        """Make the folder of the output where it is missing; say where the result goes."""
        path = self.wanted(source).path
        try:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"output {self.output!r}: its folder cannot be made: {error.strerror}") from error
        return self.wanted(source)  # resolved again: the folder exists only now


def read_job(algorithm: str, params: Mapping[str, Any], settings: Settings, prefix: str) -> Job:
    """Read a run's params; raise `ParamsInvalid` for an unknown key, a missing one or a value out of range."""
    kind = get(algorithm)
    known = JOB_FIELDS | kind.Params.model_fields.keys()
    if unknown := sorted(params.keys() - known):
        raise ParamsInvalid(f"{algorithm}: unknown parameter {unknown[0]!r}; known are {', '.join(sorted(known))}")
    if not isinstance(params.get("source"), str) or not params["source"]:
        raise ParamsInvalid(f"{algorithm}: parameter 'source' is missing")
    if not isinstance(params.get("output") or "", str):
        raise ParamsInvalid(f"{algorithm}: parameter 'output' is no text")
    endings = (DOCUMENT,) if issubclass(kind, MeasureAlgorithm) else CONTAINERS
    container = params.get("container") or endings[0]
    if container not in endings:
        raise ParamsInvalid(f"{algorithm}: parameter 'container' must be one of {', '.join(endings)}")
    own = {name: value for name, value in params.items() if name not in JOB_FIELDS}
    for name in kind.file_params():
        if isinstance(own.get(name), str):
            own[name] = source_file(own[name], settings, role=f"parameter {name}")
    return Job(
        algorithm=kind.from_params(own),
        source=params["source"],
        output=params.get("output") or "",
        container=container,
        replace=bool(params.get("replace", True)),
        force=bool(params.get("force", False)),
        options=_options(algorithm, params),
        settings=settings,
        prefix=prefix,
    )


def _options(algorithm: str, params: Mapping[str, Any]) -> JobOptions:
    whole = not params.get("slice", True)
    wanted = {
        "whole": whole,
        "verify": params.get("verify", "joints"),
        "on_damage": params.get("on_damage", "strict"),
        "blend": params.get("blend", False),
        "slices": params.get("slices", "virtual"),
        "seams": params.get("seams", "warn"),
        "seam_limit_db": params.get("seam_limit_db", SEAM_LIMIT_DB),
    }
    if not whole:
        wanted |= {name: params.get(name) for name in ("segments", "segment_seconds")}
    try:
        return JobOptions.model_validate(wanted)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ParamsInvalid(f"{algorithm}: parameter {first['loc'][0]!r}: {first['msg']}") from error
