"""Verb: decode a file plainly and tell what is in it. Our index and our reader have no part in it."""

from __future__ import annotations

from collections.abc import Callable

from media_ops.account import Account, Sound, WitnessRequest
from media_ops.model import Metrics


def witness(request: WitnessRequest, on_progress: Callable[[int, int | None], None]) -> Account:
    """Say what a whole decode of the first video gives, and what is heard; `on_progress` gets megapixels seen.

    Files that cannot be opened or hold no video are told of, not raised.
    """
    from media_ops.errors import MediaError
    from media_ops.frames.magic import look_of
    from media_ops.frames.plain import PlainDecode
    from media_ops.storage import open_store

    look = look_of(request.path)
    seen = PlainDecode(request.first_frames, request.most_megapixels)
    try:
        seen.decode(request.path, lambda megapixels: on_progress(int(megapixels), None))
    except MediaError as error:
        return Account(look=look, refused=str(error), sounds_only=seen.sounds_only, container=seen.container)
    open_store(request.store).put(request.key, "\n".join(seen.lines).encode())
    sounds, deaf = _listen(request.path, whole=not seen.cut_off)
    return Account(
        look=look,
        container=seen.container,
        sounds=sounds,
        deaf=deaf,
        cut_off=seen.cut_off,
        frames=len(seen.lines),
        packets=seen.packets,
        dts_span=seen.dts_span,
        faults=seen.faults,
        first_fault=seen.first_fault,
        metrics=Metrics(frames_decoded=len(seen.lines)),
        **seen.facts,
    )


def _listen(path: str, *, whole: bool) -> tuple[list[Sound], str | None]:
    """Hear all sound; of a film that was cut off only where each track starts."""
    from media_ops.container.heard import heard
    from media_ops.container.sync import SoundTrack
    from media_ops.frames.source import open_media

    with open_media(path) as container:
        codecs = {s.index: s.codec_context.name if s.codec_context else "" for s in container.streams.audio}
    if not codecs:
        return [], None
    if not all(codecs.values()):
        return [Sound(index=i, codec=c) for i, c in codecs.items()], "no decoder knows a sound track's codec"
    if not whole:
        tracks = [(i, c, SoundTrack(lambda: open_media(path), i)) for i, c in codecs.items()]
        return [Sound(index=i, codec=c, start=str(track.presented_start())) for i, c, track in tracks], None
    return [
        Sound(
            index=index,
            codec=track.codec,
            block=str(track.block),
            start=None if track.start is None else str(track.start),
            end=None if track.start is None else str(track.end),
            length=str(track.length),
        )
        for index, track in zip(codecs, heard(path), strict=True)
    ], None
