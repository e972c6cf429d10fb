"""What each verb is asked for and what it gives: records that cross from a task or a crew to a child, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from media_ops.model import SEAM_LIMIT_DB, AudioResult, Metrics, Noun, Plan, Proof, Segment, SegmentResult, Slicing
from media_ops.profile import Profile


class SourceRequest(Noun):
    """Something to be done with `source`, a path or an address."""

    source: str
    kept: str = Field("", description="Folder in which blocks of a far source are kept for the job's other attempts.")


class Reuse(Noun):
    """Finished segments are looked for, and kept, under content keys."""

    source_sha256: str
    force: bool = Field(False, description="Look for none: compute, and keep that.")


class Keeping(Noun):
    """The store of results, and the content key of this one."""

    store: str
    key: str
    force: bool = Field(False, description="Put it in the place of what is there.")


class ProbeRequest(SourceRequest):
    """Look at `source`; write its index below `prefix` in `store`."""

    store: str
    prefix: str
    thorough: bool = Field(False, description="Decode the whole video, so that all damage is known.")
    first_frames: int | None = Field(None, ge=1, description="Take the source to end after so many frames.")
    algorithm: str | None = Field(None, description="Algorithm that is to look whether it can work on this source.")
    params: dict[str, Any] = Field({})
    container: str | None = Field(None, description="Extension of the output, such as `.mp4`.")


class StoredFile(Noun):
    """The bytes of a file that a parameter names, read once for the whole job."""

    key: str
    sha256: str


def digests_of(files: Mapping[str, StoredFile]) -> dict[str, str]:
    """Give the sha256 of files by parameter."""
    return {name: stored.sha256 for name, stored in files.items()}


class ProbeResult(Noun):
    """What a probe found; `index` is the key of the frame index."""

    profile: Profile
    sha256: str = Field(description="Of the source.")
    index: str
    frames: int
    time_base: str
    duration: float = Field(description="Presented length of the video in seconds, for labels and estimates.")
    index_by: Literal["packets", "decoding"]
    decoded_because: str | None = Field(None, description="Why packets were not enough; None if they were.")
    damage: list[tuple[int, int]] = Field([], description="Damaged spans of PTS, as far as the index knows.")
    files: dict[str, StoredFile] = Field({}, description="Files that parameters name, by parameter.")
    beside: str | None = Field(None, description="Key of an excerpt of a far source without its pictures.")
    metrics: Metrics = Metrics()


class SliceRequest(SourceRequest):
    """Store the bytes of `source` that segments are read from; `parts` are the keys of their rows of the index."""

    store: str
    prefix: str
    parts: list[str]


class SliceResult(Noun):
    """Keys of the slices, by the key of the rows."""

    slices: dict[str, str]
    metrics: Metrics = Metrics()


class Fence(Noun):
    """An attempt at a piece of work that may publish only while no later one has begun."""

    place: str = Field(description="Prefix, in the job's store, of the numbers that were taken.")
    attempt: int = Field(ge=0, description="1, 2, ...; later ones are greater.")
    trace_id: str


class Fenced(Noun):
    """Work that is handed to another attempt where nothing is heard of the first."""

    fence: Fence | None = Field(None, description="Of this attempt; None where there can be no other.")


class SegmentRequest(SourceRequest):
    """Work on one segment of `source`."""

    store: str
    prefix: str
    segment: Segment
    algorithm: str
    params: dict[str, Any]
    files: dict[str, StoredFile] = Field({})
    artefact: str | None = Field(None, description="Key of what the analysis found; None before it, or without one.")
    trace_id: str
    threads: int = 1
    conceal: bool = Field(False, description="Take damaged pictures as the decoder guesses them.")


class AnalyseRequest(SegmentRequest):
    """Look at one part of `source` before anything is processed."""


class ConcludeRequest(Noun):
    """Join what was found in the parts of the source, in order."""

    store: str
    prefix: str
    algorithm: str
    params: dict[str, Any]
    parts: list[str]
    trace_id: str


class AnalyseResult(Noun):
    """What an analysis found; `artefact` is its key."""

    artefact: str
    metrics: Metrics = Metrics()


class ProcessRequest(SegmentRequest, Fenced):
    """Produce one segment of `source`."""

    digests: bool = Field(False, description="Store the digest of every source frame.")
    fill: float | None = Field(None, description="Share of the buffer that is full when it begins; None: usual.")
    seams: bool = Field(True, description="Measure how well the first and the last frames are encoded.")
    reuse: Reuse | None = None


class MeasureRequest(SegmentRequest):
    """Measure one segment of what was made of `source`; `files` names that film's index."""


class MeasureResult(Noun):
    """One segment, measured: `key` names the numbers of its own frames, each with its rank."""

    order: int
    start: int
    end: int
    key: str
    fingerprints: dict[int, str] = Field(description="Digests of both films' frames by rank: start, end.")
    told: dict[str, str] = Field({}, description="How it was measured.")
    notes: list[str] = Field([])
    versions: str = Field(description="What measured it.")
    metrics: Metrics = Metrics()


class Measurement(Noun):
    """Why a document may be believed: what was measured, how it was cut, and that each frame was measured once."""

    algorithm: str
    algorithm_version: str
    params: dict[str, Any] = Field({})
    measured_at: str = Field(description="UTC, ISO 8601.")
    source_sha256: str
    files: dict[str, str] = Field(description="sha256 of the films that parameters name.")
    frames: int = Field(description="Each was measured exactly once, at its own time in both films.")
    pts_digest: str = Field(description="sha256 over the source's presentation times as rational text, one a line.")
    slicing: Slicing
    joints: list[int] = Field(description="First frames of segments; both sides saw the same frames of both films.")
    versions: str


class ReportRequest(SourceRequest, Fenced):
    """Join the numbers of all segments, and publish the document that says them as `output`."""

    store: str
    prefix: str
    output: str
    replace: bool = True
    algorithm: str
    params: dict[str, Any]
    plan: Plan
    index: str
    results: list[MeasureResult]
    files: dict[str, StoredFile]


class ReportResult(Noun):
    """A published document, and the files beside it; paths, or addresses in a bucket."""

    output: str
    files: list[str]
    frames: int
    summary: dict[str, float] = Field({}, description="Means, by name.")
    reused: bool = False
    job: dict[str, float] = Field({}, description="What the whole job cost.")
    metrics: Metrics = Metrics()
    warnings: list[str] = Field([])


class AudioRequest(SourceRequest):
    """Make the sound of `source` ready for a container named by its file extension, such as `.mp4`."""

    store: str
    prefix: str
    container: str
    beside: str | None = Field(None, description="Key of the source's excerpt without its pictures, if there is one.")


class MergeRequest(SourceRequest, Fenced):
    """Join `results`, prove what comes of it, and only then publish it: as `output`, in `keeping`, or both."""

    store: str
    prefix: str
    output: str = Field("", description="A path or `s3://bucket/key`; empty: kept only.")
    container: str = Field(description="Extension of the output, such as `.mp4`.")
    replace: bool = True
    keeping: Keeping | None = None
    algorithm: str
    params: dict[str, Any]
    plan: Plan
    index: str
    results: list[SegmentResult]
    files: dict[str, StoredFile] = Field({})
    artefact: str | None = Field(None, description="As in the requests of the segments; so are the next two.")
    conceal: bool = False
    reuse: Reuse | None = None
    audio: AudioResult | None = None
    beside: str | None = Field(None, description="Key of the source's excerpt without its pictures, if there is one.")
    verify: Literal["joints", "full"] = "joints"
    seams: Literal["warn", "fail", "off"] = "warn"
    seam_limit_db: float = SEAM_LIMIT_DB
    threads: int = 1


class MergeResult(Noun):
    """A published output and its proof, which stands beside it in `proof_file`; paths, or addresses in a bucket.

    Of a ladder `output` is the manifest, `outputs` are the files that it lists, and the proof is that of the first.
    """

    output: str
    outputs: list[str] = Field([])
    proof_file: str = ""
    proof: Proof
    reused: bool = Field(False, description="It was made for an earlier request.")
    job: dict[str, float] = Field({}, description="What the whole job cost, as far as its results tell.")
    metrics: Metrics = Metrics()
    warnings: list[str] = Field([])
