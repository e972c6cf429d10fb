"""Verb: make the sound ready for the merge. Sound is never cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from media_ops.model import AudioResult, Metrics, Track
from media_ops.requests import AudioRequest


def prepare_audio(
    request: AudioRequest, scratch: Path, on_progress: Callable[[int, int | None], None]
) -> AudioResult:
    """Decide for each sound track whether it is copied or encoded, and encode those that must be.

    A track is copied only if a trial shows that the copy is heard as the source is.

    Tracks to copy are read from the source by the merge, with their own time stamps and priming.
    """
    from media_ops.container.heard import heard_by_index
    from media_ops.container.rehearsal import not_kept
    from media_ops.container.sound import encode_tracks
    from media_ops.container.tracks import audio_track, container_format, encoded_track
    from media_ops.frames.source import open_beside
    from media_ops.storage import open_store

    with open_beside(request.source) as source:
        container = container_format(request.container)
        tracks = [audio_track(request.source, stream, container) for stream in source.streams.audio]
    changed = not_kept(request.source, tracks, container, scratch)
    tracks = [encoded_track(t, container, changed[t.index]) if t.index in changed else t for t in tracks]
    sound = heard_by_index(request.source) if any(track.action == "encode" for track in tracks) else {}
    tracks = [
        _dropped(track) if track.action == "encode" and sound[track.index].start is None else track
        for track in tracks
    ]
    encoded = [track for track in tracks if track.action == "encode"]
    key, size, losses = None, 0, []
    if encoded:
        path = scratch / ("sound.mka" if container in ("webm", "matroska") else "sound.mov")
        codecs = {track.index: track.codec or "" for track in encoded}
        edited = container in ("mp4", "mov")
        losses = encode_tracks(request.source, codecs, path, on_progress, sound=sound, edited=edited)
        key, size = f"{request.prefix}/{path.name}", path.stat().st_size
        open_store(request.store).put(key, path)
    warnings = _warnings(tracks) + losses
    return AudioResult(tracks=tracks, key=key, metrics=Metrics(bytes_written=size), warnings=warnings)


def _dropped(track: Track) -> Track:
    return track.model_copy(update={"action": "drop", "codec": None, "reason": "nothing of it can be decoded"})


def _warnings(tracks: list[Track]) -> list[str]:
    names = {"aac": "AAC", "opus": "Opus"}
    return [
        f"sound track {t.index} is {'dropped' if t.action == 'drop' else f'encoded to {names[t.codec or str()]}'}: "
        f"{t.reason}"
        for t in tracks
        if t.action != "copy"
    ]
