"""What can go wrong, as one tree; its three branches are three fates.

    MediaError
    ├── InputError              the input or the request is at fault: refused, never retried   (HTTP 422, exit 2)
    │   ├── SourceNotFound          nothing is there, or it is a directory
    │   ├── SourceNotAllowed        outside the allowed roots, or a scheme that is not served
    │   ├── NotMedia                empty, text, damaged beyond opening
    │   ├── NoVideo                 no video stream, or not one frame in it
    │   ├── DamagedMedia            a frame of the source cannot be decoded
    │   ├── SourceChanged           it is no longer the file that was probed
    │   ├── ProofNotFound           no proof that can be read stands beside a result
    │   ├── NotComparable           two films do not show as many frames at the same times
    │   ├── Unsupported             media that the algorithm or the target container cannot hold
    │   ├── ParamsInvalid           a parameter is unknown or out of range
    │   ├── LimitExceeded           it takes more CPU time, file size or processes than the operator allows
    │   ├── StoreRefused            a store will not do this for us: wrong key, no permission, no bucket, wrong clock
    │   └── OutputExists            the caller asked not to replace it
    ├── WorldError              something around us failed: retried with a delay               (HTTP 503, exit 3)
    │   ├── ChildDied               a worker's process was killed or crashed
    │   ├── Superseded              an attempt was given up and another has begun
    │   ├── Stalled                 a worker's process got stuck and was ended
    │   ├── MemoryExceeded          a worker's process took more memory than it may, and was ended
    │   ├── StoreUnavailable        reading or writing an object failed
    │   │   └── ObjectDamaged           what a store gives is not what was put there
    │   └── ToolMissing             a program or library of the machine is missing
    └── OurError                we broke a promise: never retried, alarm                       (HTTP 500, exit 4)
        ├── AlgorithmFailed         an algorithm raised, or gave pictures of another shape or dtype, or NaN
        ├── FrameLost               the reader did not find every frame that the plan wanted
        ├── SegmentsDisagree        segments cannot be joined: counts, codec settings, fingerprints
        └── ProofFailed             the result is not what one run over the whole file would give
            └── SeamShows               a joint is worse than the limit that the job was given

Every error carries one clear sentence that names the input and the reason. It crosses process boundaries as
`to_record()` and comes back through `from_record()` as the same class.
"""

from __future__ import annotations

import re
from typing import ClassVar


class MediaError(Exception):
    """Root of every error this project raises on purpose."""

    fate: ClassVar[str] = "ours"
    exit_code: ClassVar[int] = 4
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, rule: str | None = None) -> None:
        """Say what happened; `rule` names the rule of `media_ops.rules` by which an input is refused."""
        super().__init__(message)
        self.rule = rule

    @property
    def code(self) -> str:
        """Stable name for programs: the class name in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def to_record(self) -> dict[str, str]:
        """Give the `{"code", "fate", "message"}` of `media --json` and of the child's pipe, and "rule" if any."""
        record = {"code": self.code, "fate": self.fate, "message": str(self)}
        return record | {"rule": self.rule} if self.rule else record


class InputError(MediaError):
    """The input or the request is at fault: refused, never retried."""

    fate = "input"
    exit_code = 2
    http_status = 422


class WorldError(MediaError):
    """Something around us failed: worth another try."""

    fate = "world"
    exit_code = 3
    http_status = 503


class OurError(MediaError):
    """We broke a promise of our own: never retried, never quiet."""


class SourceNotFound(InputError):
    """Nothing readable is at the given place."""


class SourceNotAllowed(InputError):
    """The place is outside what the operator allowed, or its scheme is not served."""


class NotMedia(InputError):
    """The bytes are no media file that can be opened."""


class NoVideo(InputError):
    """There is no video stream, or not one frame in it."""


class DamagedMedia(InputError):
    """A frame of the source cannot be decoded."""


class SourceChanged(InputError):
    """The source was changed while it was worked on."""


class ProofNotFound(InputError):
    """No proof that can be read stands beside the file."""


class NotComparable(InputError):
    """Two films cannot be measured against each other: they do not show as many frames at the same times."""


class Unsupported(InputError):
    """The algorithm or the target container cannot hold this media."""


class ParamsInvalid(InputError):
    """A parameter is unknown, of the wrong type or out of range."""


class LimitExceeded(InputError):
    """More CPU time, file size or processes are taken than the operator allows: the next try would do it again."""


class StoreRefused(InputError):
    """A store will not do this for us, however often it is asked."""


class OutputExists(InputError):
    """The output is there already and the caller asked not to replace it."""


class ChildDied(WorldError):
    """A worker's process was killed or crashed before it gave a result."""


class Stalled(WorldError):
    """A worker's process made no progress for too long, and was ended."""


class MemoryExceeded(WorldError):
    """A worker's process took more memory than it may, and was ended; another machine may have more."""


class Superseded(WorldError):
    """This attempt was given up, and another has begun: it publishes nothing."""


class StoreUnavailable(WorldError):
    """An object could not be read or written."""


class ObjectDamaged(StoreUnavailable):
    """What a store gives is not what was put there."""


class ToolMissing(WorldError):
    """A program or library that the machine should have is missing."""


class AlgorithmFailed(OurError):
    """An algorithm raised an error of its own, or gave something that is no picture of the film it was given."""


class FrameLost(OurError):
    """The reader did not find every frame that the plan wanted."""


class SegmentsDisagree(OurError):
    """The segments cannot be joined: counts, codec settings or fingerprints differ."""


class ProofFailed(OurError):
    """The result is not what one run over the whole file would have given."""


class SeamShows(ProofFailed):
    """A frame beside a joint is encoded so much worse than its neighbours that the cut may be seen."""


def from_record(record: dict[str, str]) -> MediaError:
    """Rebuild the error that `to_record()` described; an unknown code becomes the root of its fate."""
    fates: dict[str, type[MediaError]] = {"input": InputError, "world": WorldError}
    pending: list[type[MediaError]] = [InputError, WorldError, OurError]
    while pending:
        kind = pending.pop()
        error = kind(record["message"], rule=record.get("rule"))
        if error.code == record["code"]:
            return error
        pending.extend(kind.__subclasses__())
    return fates.get(record["fate"], OurError)(record["message"])
