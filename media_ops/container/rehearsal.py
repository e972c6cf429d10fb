"""Copy sound tracks alone, as the merge would, to hear what becomes of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from media_ops.container.heard import heard
from media_ops.container.presented import difference
from media_ops.container.priming import CopyLane, add_sound
from media_ops.container.result import moved, muxer_options
from media_ops.container.sync import SoundTrack
from media_ops.frames.source import demux, open_beside
from media_ops.model import Track


def not_kept(source: str, tracks: list[Track], container: str, scratch: Path) -> dict[int, str]:
    """Say of each track to be copied what the copy would change, by stream index; tracks that are kept are left out.

    What a muxer writes, and a demuxer makes of it, is tried and not foreseen: MP4 trims the end of a track by its
    edit list, which FFmpeg reads for the start only, so that Opus and MP3 would be heard up to a block longer.
    """
    wanted = [track.index for track in tracks if track.action == "copy"]
    if not wanted:
        return {}
    trial = scratch / "rehearsal"
    with open_beside(source) as reading:
        numbers = {stream.index: number for number, stream in enumerate(reading.streams.audio)}
    originals = heard(source)
    earliest = min(originals[numbers[index]].start or Fraction(0) for index in wanted)
    shift = Fraction(-(earliest // 1)) if earliest < 0 else Fraction(0)
    found = {}
    for index in wanted:  # each alone, so that one which is refused spoils none
        try:
            _copy(source, index, container, trial, shift)
            made = heard(str(trial))[0]
        except (FFmpegError, ValueError) as error:
            found[index] = f"{container} refused it ({getattr(error, 'strerror', error)})"
            continue
        if words := difference(originals[numbers[index]], made, copied=True, shift=shift):
            found[index] = f"copied into {container} it {words}"
    trial.unlink(missing_ok=True)
    return found


def _copy(source: str, index: int, container: str, trial: Path, shift: Fraction) -> None:
    with open_beside(source) as reading:
        stream: Any = reading.streams[index]
        clock = reading.streams.video[0].time_base if reading.streams.video else None
        options = muxer_options(container, clock or Fraction(1, 90000))
        with av.open(str(trial), "w", format=container, options=options) as output:
            lane: CopyLane = add_sound(output, stream, SoundTrack(lambda: open_beside(source), index), container)
            lane.stream.time_base = stream.time_base
            for packet in demux(reading, stream):
                if packet.size:
                    for ready in lane.convert(packet):
                        output.mux_one(moved(ready, lane.stream, shift))
