"""Decide what becomes of each stream beside the video, by what the target container can hold."""

from __future__ import annotations

from av.container import InputContainer
from av.stream import Disposition, Stream

from media_ops.container.copyable import why_not_copied
from media_ops.errors import Unsupported
from media_ops.model import Track

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
MATROSKA = ("matroska", "webm")

_MP4_AUDIO = {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}
_MOV_AUDIO = {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le"}
_MKV_AUDIO = _MP4_AUDIO | {"vorbis", "mp2", "dts", "truehd", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"}
_AUDIO = {"mp4": _MP4_AUDIO, "mov": _MOV_AUDIO, "matroska": _MKV_AUDIO, "webm": {"opus", "vorbis"}}
_ENCODED_AUDIO = {"webm": "opus"}
_TEXT = {"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text"}
_MKV_SUBTITLES = {"subrip", "srt", "ass", "ssa", "webvtt", "dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle"}
_SUBTITLES = {"mp4": {"mov_text"}, "mov": {"mov_text"}, "matroska": _MKV_SUBTITLES, "webm": {"webvtt"}}
_ENCODED_SUBTITLES = {"mp4": "mov_text", "mov": "mov_text", "matroska": "srt", "webm": "webvtt"}


def container_format(extension: str) -> str:
    """Name FFmpeg's muxer for a file extension, or raise `Unsupported`."""
    if extension.lower() not in FORMATS:
        raise Unsupported(f"output {extension or 'without an extension'}: choose one of {', '.join(sorted(FORMATS))}")
    return FORMATS[extension.lower()]


def audio_track(source: str, stream: Stream, container: str) -> Track:
    """Copy where the container takes the codec, players expect it there and its times are sound, else encode."""
    codec = stream.codec_context.name if stream.codec_context else None
    if codec is None:
        return Track(index=stream.index, kind="audio", action="drop", reason="no decoder knows its codec")
    reason = None if _codec_id(codec) in _AUDIO[container] else f"{container} does not take {codec} safely"
    timed = not (container in ("mp4", "mov") and codec.startswith("pcm_"))
    reason = reason or why_not_copied(source, stream.index, timed=timed)
    track = Track(index=stream.index, kind="audio", action="copy", codec=codec)
    return encoded_track(track, container, reason) if reason else track


def encoded_track(track: Track, container: str, reason: str) -> Track:
    """Encode a track instead of copying it."""
    target = _ENCODED_AUDIO.get(container, "aac")
    return track.model_copy(update={"action": "encode", "codec": target, "reason": reason})


def other_tracks(source: InputContainer, video: Stream, container: str) -> list[Track]:
    """Decide on everything but the processed video and the sound."""
    others = [s for s in source.streams if s.index != video.index and s.type != "audio"]
    return [_other(stream, container) for stream in others if not _holds_chapters(stream, source)]


def _holds_chapters(stream: Stream, source: InputContainer) -> bool:
    """Whether it is QuickTime's track of chapter titles: the chapters themselves are carried over."""
    return stream.type == "data" and getattr(stream, "name", None) == "bin_data" and bool(source.chapters())


def _other(stream: Stream, container: str) -> Track:
    codec = stream.codec_context.name if stream.codec_context else None
    if stream.type == "subtitle":
        return _subtitle(stream, codec, container)
    if stream.type == "video" and stream.disposition & Disposition.attached_pic:
        if codec in ("mjpeg", "png") and container != "webm":
            return Track(index=stream.index, kind="picture", action="copy", codec=codec)
        return Track(index=stream.index, kind="picture", action="drop", codec=codec, reason="no cover picture format")
    if stream.type == "attachment" and container == "matroska":
        return Track(index=stream.index, kind="attachment", action="copy", codec=codec)
    kind = "attachment" if stream.type == "attachment" else "data"
    what = "its time codes" if "timecode" in stream.metadata else "it"
    reason = f"{container} cannot hold {what}"
    if stream.type == "video":
        reason = "only the first video stream is processed"
    return Track(index=stream.index, kind=kind, action="drop", codec=codec, reason=reason)


def _subtitle(stream: Stream, codec: str | None, container: str) -> Track:
    if codec in _SUBTITLES[container]:
        return Track(index=stream.index, kind="subtitle", action="copy", codec=codec)
    if codec in _TEXT:
        return Track(index=stream.index, kind="subtitle", action="encode", codec=_ENCODED_SUBTITLES[container])
    reason = f"{container} cannot hold {codec or 'unknown'} subtitles"
    return Track(index=stream.index, kind="subtitle", action="drop", codec=codec, reason=reason)


def _codec_id(decoder: str) -> str:
    """Map a decoder's name to its codec's."""
    aliases = {"mp3float": "mp3", "mp2float": "mp2", "libopus": "opus", "libvorbis": "vorbis", "dca": "dts"}
    return aliases.get(decoder, decoder)
