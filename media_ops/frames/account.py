"""What a file holds beside its picture, as a digest: streams, tags, chapters, and every packet but the picture's."""

from __future__ import annotations

import hashlib
from typing import Any

from av.container import InputContainer
from av.packet import Packet


class Account:
    """Packets in the order in which the demuxer gives them; `digest` is asked for when all were."""

    def __init__(self, video: int) -> None:
        self._video = video
        self._digest = hashlib.sha256()

    def add(self, packet: Packet[Any]) -> None:
        """Note a packet, unless it is of the picture."""
        if packet.stream_index == self._video or not packet.size:
            return
        said = [
            packet.stream_index,
            packet.pts,
            packet.dts,
            packet.duration,
            packet.time_base,
            packet.size,
            packet.is_keyframe,
            packet.is_corrupt,
            packet.is_discard,
            packet.is_trusted,
            packet.is_disposable,
        ]
        beside = [(data.data_type, bytes(data)) for data in packet.iter_sidedata()]
        self._digest.update(repr((said, beside)).encode())
        self._digest.update(memoryview(packet))

    def digest(self, container: InputContainer) -> str:
        """Add what the file says of itself."""
        whole: list[Any] = [container.format.name, container.start_time, container.duration, container.metadata]
        whole.append([sorted(chapter.items()) for chapter in container.chapters()])
        for stream in container.streams:
            context: Any = stream.codec_context
            whole.append(
                [
                    (stream.index, stream.id, stream.type, stream.time_base, stream.start_time, stream.duration),
                    (stream.frames, stream.disposition, stream.metadata),
                    context and (context.name, context.codec_tag, bytes(context.extradata or b"")),
                ]
            )
            if stream.type == "audio" and context:
                whole.append((context.sample_rate, context.layout.name, context.format and context.format.name))
                whole.append(context.frame_size)
        self._digest.update(repr(whole).encode())
        return self._digest.hexdigest()
