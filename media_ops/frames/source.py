"""Open foreign media for reading."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from media_ops.errors import NotMedia, NoVideo, SourceNotFound, Unsupported
from media_ops.frames.allowed import DEMUXERS, PROTOCOLS, address, forced, refusal
from media_ops.pulse import beat
from media_ops.storage.attached import attached
from media_ops.storage.stand_in import Part, stand_in

_MOST_PIXELS = 8192 * 8192
_BESIDE = (
    av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails | av.stream.Disposition.dependent
)


def open_media(path: str | Path) -> InputContainer:
    """Open a file, or a far source, with the demuxers and the one protocol that cannot lead anywhere else.

    Raises `SourceNotFound` or `NotMedia`; rule `container` where FFmpeg knows the bytes but must not follow them.
    """
    return _opened(path, "all")


def open_beside(path: str | Path) -> InputContainer:
    """Do so for all but the picture: of a far source, that may be an excerpt without its pictures."""
    return _opened(path, "beside")


def _opened(path: str | Path, part: Part) -> InputContainer:
    try:
        return _open(path, part)
    except FileNotFoundError as error:
        raise SourceNotFound(f"{path}: there is no such file") from error
    except (FFmpegError, ValueError, OSError) as error:
        if demuxer := _refused_demuxer(path, error):
            raise NotMedia(f"{path}: {refusal(demuxer)}", rule="container") from error
        reason = getattr(error, "strerror", None) or str(error)
        raise NotMedia(f"{path}: not a media file that can be opened ({reason})") from error


def _open(path: str | Path, part: Part = "all") -> InputContainer:
    far, instead = attached(path), stand_in(path, part) or stand_in(path)
    file: Any = instead() if instead else far.open() if far else address(path)
    container: InputContainer = av.open(
        file,
        format=forced(path),
        options=_decoder_options(""),  # for the look at each stream's beginning
        container_options={"protocol_whitelist": PROTOCOLS, "format_whitelist": DEMUXERS},
        metadata_errors="replace",
    )
    return container


def _refused_demuxer(path: str | Path, error: Exception) -> str | None:
    """Ask once more, listening to FFmpeg's log: the error alone says "Invalid argument"."""
    if getattr(error, "errno", None) != errno.EINVAL:
        return None
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said, contextlib.suppress(FFmpegError, ValueError, OSError):
            _open(path).close()
    finally:
        av.logging.set_level(level)
    return next((demuxer for _, demuxer, line in said if "not on whitelist" in line), None)


_JPEG = ("mjpeg", "mjpegb")


def most_pixels() -> int:
    """Give the largest picture that is decoded: `MEDIA_OPS_MAX_PIXELS`, or that of 8192x8192."""
    return int(os.environ.get("MEDIA_OPS_MAX_PIXELS", _MOST_PIXELS))


def _decoder_options(codec: str) -> dict[str, str]:
    """Bound a stream that grows. Decoders count what is coded, which can be more than is shown.

    Of a damaged JPEG the decoder gives what it had of it and leaves the rest as an earlier picture left it, another
    one each time, without a word: it is told to fail instead.
    """
    bound = {"max_pixels": str(2 * most_pixels())}
    return bound | {"err_detect": "explode"} if codec in _JPEG else bound


def only_video(container: InputContainer) -> VideoStream:
    """Choose the video and switch every other stream off.

    It is the first by default, else the first, of those that are no cover picture; a still picture beside a moving
    one, as animated AVIF has, does not count. Raises `NoVideo` (also by the rule `no-decoder`), or `Unsupported` by
    the rule `too-large`.
    """
    films = [s for s in container.streams.video if not s.disposition & _BESIDE]
    moving = [s for s in films if s.frames != 1] or films
    video = next((s for s in moving if s.disposition & av.stream.Disposition.default), next(iter(moving), None))
    if video is None:
        raise NoVideo(f"{container.name}: there is no video stream")
    context = video.codec_context
    if context is None:
        raise NoVideo(f"{container.name}: its codec is not known to any decoder", rule="no-decoder")
    if context.width * context.height > most_pixels():
        raise Unsupported(
            f"{container.name}: a picture of {context.width}x{context.height} is larger than is decoded",
            rule="too-large",
        )
    context.options = context.options | _decoder_options(context.name)
    for stream in container.streams:
        if stream.index != video.index:
            stream.discard = av.stream.Discard.all
    return video


def demux(container: InputContainer, streams: Stream | Sequence[Stream]) -> Iterator[Packet[Any]]:
    """Give every packet of `streams`, and an empty one of each at the end.

    PyAV 18 fails behind those where a transport stream has gained a stream since it was opened.
    """
    try:
        for packet in container.demux(streams):
            beat()
            yield packet
    except IndexError:
        return
