"""What every attempt left: one small record each, beside the job's objects."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pydantic import Field, ValidationError

from media_ops.errors import StoreUnavailable
from media_ops.model import Metrics, Noun
from media_ops.storage.port import Store

Outcome = Literal["running", "succeeded", "failed", "cancelled"]


class Trace(Noun):
    """One attempt at an event or at one of its segments. Times are seconds since 1970, UTC."""

    schema_version: int = 1
    trace_id: str
    job_id: str = Field(description="The DAG run's id.")
    dag_id: str
    event: str = Field(description="The task's id.")
    order: int = Field(-1, description="Number of the segment; -1 where the event has none.")
    attempt: int = Field(1, description="Which try of the task it is, from 1 on.")
    hedge: bool = Field(False, description="A second copy of a slow segment, beside its own attempt.")
    label: str = ""
    host: str = ""
    pid: int = Field(0, description="Process of the task; its child is the attempt.")
    started: float
    ended: float | None = None
    outcome: Outcome = "running"
    reused: bool = Field(False, description="It found what another had finished.")
    error: dict[str, str] | None = Field(None, description="`code`, `fate` and `message` of what went wrong.")
    done: int | None = Field(None, description="Frames done, or what else the verb counts; None: unknown.")
    total: int | None = None
    gpu_seconds: float = 0.0
    metrics: Metrics = Metrics()
    otel_trace: str = Field("", description="Id of the OpenTelemetry trace it belongs to, in hex, if there is one.")
    otel_span: str = Field("", description="Id of its own span there, in hex.")

    @property
    def event_id(self) -> str:
        """Id of the event in its job."""
        return f"{self.job_id}_{self.event}"

    @property
    def segment_id(self) -> str | None:
        """Id of the segment, where there is one."""
        return f"{self.event_id}_{self.order}" if self.order >= 0 else None


def keep_trace(store: Store, prefix: str, trace: Trace) -> None:
    """Put the record, or a later state of it, at `{prefix}/traces/{event}/...`."""
    place = f"{prefix}/traces/{trace.event}/{max(trace.order, 0):05d}-{trace.trace_id}.json"
    store.put(place, trace.model_dump_json().encode())


def traces_of(store: Store, prefix: str) -> list[Trace]:
    """Give all attempts of a job, by the time of their start; records that cannot be read are left out."""
    return TraceReader(store, prefix).read()


class TraceReader:
    """Reads the attempts of a job again and again; those that have ended once."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._place = f"{prefix}/traces/"
        self._ended: dict[str, Trace] = {}

    def read(self) -> list[Trace]:
        """Give what `traces_of` gives, as it is now."""
        keys: list[str] = []
        while batch := self._store.list(self._place, after=keys[-1] if keys else None):
            keys += [one.key for one in batch]
        with ThreadPoolExecutor(8, "traces") as pool:  # a far store takes some milliseconds for each
            found = list(pool.map(self._read, keys))
        self._ended |= {key: trace for key, trace in zip(keys, found, strict=True) if trace and trace.ended}
        return sorted((trace for trace in found if trace), key=lambda trace: trace.started)

    def _read(self, key: str) -> Trace | None:
        return self._ended.get(key) or _read(self._store, key)


def _read(store: Store, key: str) -> Trace | None:
    try:
        with store.open(key) as file:
            return Trace.model_validate_json(file.read())
    except ValidationError:
        return None
    except StoreUnavailable:
        if store.stat(key) is None:  # gone since it was listed
            return None
        raise
