"""Whether a sound track can be copied packet by packet without losing its times."""

from __future__ import annotations

from fractions import Fraction

from media_ops.container.sync import SoundTrack
from media_ops.frames.source import open_beside

# Packets may overlap by the rounding of a container's clock; Matroska's is 1 ms.
_ROUNDING = Fraction(2, 1000)


def why_not_copied(source: str, index: int, *, timed: bool = True) -> str | None:
    """Read the track's packets; say what a copy would not keep, None where nothing stands against it.

    Where the target gives packets no times of their own (`timed`: raw sound in MOV), a gap would be closed.
    """
    end: Fraction | None = None
    latest: int | None = None
    form: bytes | None = None
    for number, packet in enumerate(SoundTrack(lambda: open_beside(source), index).packets()):
        before, form = form, _adts_form(bytes(packet))
        if number and (form != before or packet.has_sidedata("new_extradata")):
            return f"its coding changes after {number} packets"
        if packet.pts is None:
            if number == 0:
                return "its first packet has no time"
            continue
        start = packet.pts * packet.time_base
        if latest is not None and packet.pts <= latest:
            return f"its times run backwards at {float(start):.3f} s"
        if end is not None and end - start > _ROUNDING:
            return f"its packets overlap at {float(start):.3f} s"
        if end is not None and start - end > _ROUNDING and not timed:
            return f"there is a gap before {float(start):.3f} s"
        latest = packet.pts
        end = start + (packet.duration or 0) * packet.time_base
    return None if latest is not None else "there is nothing in it"


def _adts_form(packet: bytes) -> bytes | None:
    """Profile, sampling rate and channels of an ADTS header (ISO/IEC 13818-7, 6.2.1); None where there is none."""
    if len(packet) < 7 or packet[0] != 0xFF or packet[1] & 0xF6 != 0xF0:
        return None
    return bytes((packet[2] & 0xFD, packet[3] & 0xC0))
