"""A job that somebody examines: what the examiner sets, and what is shown to it before the job's store is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from media_ops.crew import Crew
from media_ops.model import AudioResult, SegmentResult
from media_ops.requests import MergeResult, ProbeResult


@dataclass(frozen=True)
class Made:
    """What the verbs of a finished job gave; their objects lie in the folder `store`."""

    store: str
    probe: ProbeResult
    results: Sequence[SegmentResult]
    audio: AudioResult | None
    merged: MergeResult


class Trial:
    """Subclass it to examine a job. The digest of every source frame is stored for it.

    `first_frames` makes the job take its source to end there; sound and the other streams are kept whole.
    """

    first_frames: int | None = None

    def began(self, crew: Crew) -> None:
        """Take the job's crew, by which it can be halted."""

    def made(self, made: Made) -> None:
        """Look at what was made; the output is published already, the store is removed afterwards."""
