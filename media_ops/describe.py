"""The descriptive profile of a source, as ffprobe sees it; no decision about time rests on it."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from media_ops.errors import NotMedia, ToolMissing, WorldError
from media_ops.model import Colour
from media_ops.profile import Profile, StreamProfile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N = TypeVar("N", int, float)
FFPROBE = "ffprobe"
PATIENCE = 60.0  # seconds; a healthy file takes 0.1
_KINDS = {"video", "audio", "subtitle", "data", "attachment"}
_UNSAID = {"", "unknown", "unspecified", "reserved", "N/A", "und", "0/0", "0:1"}


def describe(path: str) -> Profile:
    """Describe the file at an absolute path, or a far source; raises `NotMedia`, or `ToolMissing` without ffprobe."""
    from media_ops.storage.source import size_of

    found = _ffprobe(path)
    container = found.get("format", {})
    names = container.get("format_name", "")
    if not found.get("streams"):
        raise NotMedia(f"{path!r} is no media file that can be opened: no stream is in it")
    return Profile(
        source=path,
        container=names,
        size=size_of(path),
        duration=_number(container.get("duration"), float),
        bit_rate=_number(container.get("bit_rate"), int),
        streams=[_stream(stream) for stream in found["streams"]],
        chapters=len(found.get("chapters", [])),
        tags={name: str(value) for name, value in container.get("tags", {}).items()},
    )


def chroma_location(path: str | os.PathLike[str]) -> str | None:
    """Ask ffprobe alone where chroma samples lie: PyAV has no name for it."""
    video = describe(str(path)).video
    return video.colour.chroma_location if video and video.colour else None


def anomalies(frame_pts: Sequence[int] | np.ndarray[Any, Any], time_base: Fraction) -> list[str]:
    """Name what is unusual about frame times in presentation order; empty for a steady rate from 0 or later.

    A rate counts as varying when no constant one explains every time within a tick or a millisecond; where frames are
    but a few ticks apart, when two distances differ.
    """
    import numpy as np

    pts = np.asarray(frame_pts, dtype=np.int64)
    found = []
    if before := int((pts < 0).sum()):
        found.append(f"negative PTS: {_frames(before)} before 0")
    steps = np.diff(pts)
    if repeated := int((steps == 0).sum()):
        found.append(f"repeated PTS: {_frames(repeated)} at the time of the one before")
    if len(steps) > 1 and _varies(pts, steps, time_base):
        least, most = (float(ticks * time_base * 1000) for ticks in (int(steps.min()), int(steps.max())))
        found.append(f"varying frame rate: {least:.4g} to {most:.4g} ms between frames")
    return found


def _varies(pts: NDArray[np.int64], steps: NDArray[np.int64], time_base: Fraction) -> bool:
    import numpy as np

    if np.median(steps) < 4:
        return bool(steps.min() != steps.max())
    drift = pts - pts[0] - np.arange(len(pts)) * (int(pts[-1] - pts[0]) / len(steps))
    return float(np.abs(drift).max()) > max(1.0, float(1 / (1000 * time_base))) + 1e-3


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _ffprobe(path: str) -> dict[str, Any]:
    import ffmpeg

    from media_ops.frames.allowed import DEMUXERS, forced, refusal, refused_demuxer

    options = {"v": "error", "format_whitelist": DEMUXERS}
    if demuxer := forced(path):
        options["f"] = demuxer
    with _reachable(path) as (address, how):
        answer = _answer(path, address, options | how)
    if isinstance(answer, FileNotFoundError):
        raise ToolMissing(f"{path!r} could not be described: the program {FFPROBE} is not installed")
    if isinstance(answer, ffmpeg.Error):
        if demuxer := refused_demuxer(answer.stderr.decode(errors="replace")):
            raise NotMedia(f"{path!r} is no media file that can be opened: {refusal(demuxer)}", rule="container")
        raise NotMedia(f"{path!r} is no media file that can be opened: {_reason(answer.stderr, address)}")
    if isinstance(answer, Exception):
        raise WorldError(f"{path!r} could not be described: {answer}") from answer
    return answer


@contextlib.contextmanager
def _reachable(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the address under which ffprobe finds a source, and the options that let it get there and nowhere else."""
    from media_ops.frames.allowed import PROTOCOLS, address
    from media_ops.storage.attached import attached

    if (far := attached(path)) is None:
        yield address(path), {"protocol_whitelist": PROTOCOLS}
        return
    from media_ops.storage.view import view

    with view(far) as place:
        # What is no proxy's address keeps it from asking the environment's, which would look on its own machine.
        yield place, {"protocol_whitelist": "http,tcp", "http_proxy": "none"}


def _answer(path: str, address: str, options: dict[str, str]) -> dict[str, Any] | Exception:
    import ffmpeg

    answers: queue.SimpleQueue[dict[str, Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(ffmpeg.probe(address, cmd=FFPROBE, show_chapters=None, **options))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()  # ffmpeg-python knows no time limit
    try:
        return answers.get(timeout=PATIENCE)
    except queue.Empty:
        raise WorldError(f"{path!r} could not be described: ffprobe gave no answer within {PATIENCE:g} s") from None


def _reason(stderr: bytes, address: str) -> str:
    """Pick the sentence that says most: what the demuxer said, else FFmpeg's last word."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    said = [re.sub(r"^\[[^\]]*\] *", "", line) for line in lines if line.startswith("[")]
    last = lines[-1].removeprefix(f"{address}: ") if lines else "ffprobe cannot read it"
    reason = (said or [last])[0].rstrip(".")
    return reason if reason[1:2].isupper() else reason[:1].lower() + reason[1:]


def _stream(found: dict[str, Any]) -> StreamProfile:
    kind = found.get("codec_type")
    disposition = found.get("disposition", {})
    tags = {name.lower(): value for name, value in found.get("tags", {}).items()}
    common = {
        "index": found["index"],
        "kind": kind if kind in _KINDS else "data",
        "codec": _said(found.get("codec_name")),
        "profile": _said(found.get("profile")),
        "language": _said(tags.get("language")),
        "title": _said(tags.get("title")),
        "bit_rate": _number(found.get("bit_rate"), int),
        "duration": _number(found.get("duration"), float),
        "attached_picture": bool(disposition.get("attached_pic")),
        "time_base": found.get("time_base"),
    }
    details = {"video": _video, "audio": _audio}.get(str(kind))
    return StreamProfile(**common, **(details(found) if details else {}))


def _video(found: dict[str, Any]) -> dict[str, Any]:
    rotations = [data["rotation"] for data in found.get("side_data_list", []) if "rotation" in data]
    return {
        "width": found.get("width"),
        "height": found.get("height"),
        "pixel_format": _said(found.get("pix_fmt")),
        "colour": Colour(
            primaries=_said(found.get("color_primaries")),
            transfer=_said(found.get("color_transfer")),
            matrix=_said(found.get("color_space")),
            range=_said(found.get("color_range")),
            chroma_location=_said(found.get("chroma_location")),
        ),
        "sample_aspect_ratio": _said(found.get("sample_aspect_ratio")),
        "rotation": int(rotations[0]) if rotations else 0,
        "field_order": _said(found.get("field_order")),
        "frame_rate": _said(found.get("avg_frame_rate")) or _said(found.get("r_frame_rate")),
    }


def _audio(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "sample_rate": _number(found.get("sample_rate"), int),
        "channels": found.get("channels"),
        "channel_layout": _said(found.get("channel_layout")),
    }


def _said(value: object) -> str | None:
    return None if value is None or str(value) in _UNSAID else str(value)


def _number(text: object, kind: Callable[[str], N]) -> N | None:
    try:
        return kind(str(text))
    except ValueError:
        return None
