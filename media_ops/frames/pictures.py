"""Read from the first bits of a coded picture of what kind it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator


def is_intra(codec: str, data: bytes) -> bool:
    """Whether the first picture of a packet refers to no other one; True for codecs that are not known here.

    Camera files have been seen whose containers call every hundredth P picture of H.263 a key frame.
    """
    reader = {
        "h263": _h263,
        "flv": _sorenson,
        "mpeg4": _mpeg4,
        "mpeg1video": _mpeg2,
        "mpeg2video": _mpeg2,
        "vp8": _vp8,
        "vp9": _vp9,
        "av1": _av1,
        "theora": _theora,
    }.get(_CODECS.get(codec, codec))
    return reader is None or reader(data)


# Decoders that are not named as their codec is.
_CODECS = {"libvpx": "vp8", "libvpx-vp9": "vp9", "libdav1d": "av1", "libaom-av1": "av1", "mpegvideo": "mpeg2video"}


def is_shown(codec: str, head: bytes) -> bool:
    """Whether a packet, of which `head` holds the first bytes, gives a picture that is presented.

    VP8 and VP9 have reference frames that are never shown (show_frame: RFC 6386, 9.1; VP9 bitstream, 6.2). In most
    files they share a packet with a shown one, in some they stand alone.
    """
    if codec == "vp8" and head:
        return bool(head[0] & 0x10)
    if codec == "vp9" and len(head) > 1:
        bits = f"{head[0]:08b}{head[1]:08b}"
        at = 5 if bits[2:4] == "11" else 4  # profile 3 has a reserved bit
        show_existing, show_frame = bits[at] == "1", bits[at + 2] == "1"
        return show_existing or show_frame
    return True


def shows_nothing(data: bytes) -> bool:
    """Whether an MPEG-4 packet holds a picture without content, or several pictures ("packed B-frames").

    Then packets are not frames (ISO/IEC 14496-2, 6.2.5: vop_coded).
    """
    at = data.find(_VOP)
    if at < 0:
        return True
    if data.find(_VOP, at + 4) >= 0:
        return True
    return len(data) - at <= _EMPTY_VOP


def size_header(codec: str, data: bytes, nals: Callable[[], Iterator[bytes]]) -> bytes:
    """Give the part of a key packet that says how large pictures are, b"" where none is known.

    Two that differ call for a look at the pictures; equal ones mean an equal size. `nals` gives the NAL units.
    """
    codec = _CODECS.get(codec, codec)
    if codec == "h264":
        return b"".join(nal for nal in nals() if nal[0] & 31 == 7)
    if codec == "hevc":
        return b"".join(nal for nal in nals() if (nal[0] >> 1) & 63 == 33)
    if codec in ("mpeg1video", "mpeg2video"):
        at = data.find(b"\0\0\1\xb3")
        return data[at + 4 : at + 7] if at >= 0 else b""
    if codec == "vp8":
        return data[6:10]
    if codec == "vp9":
        return _vp9_size(data)
    if codec == "av1":
        return b"".join(payload for kind, payload in av1_units(data) if kind == 1)
    return b""


def _vp9_size(data: bytes) -> bytes:
    """Width and height of a key frame (VP9 bitstream, 6.2: frame_size)."""
    bits = _Bits(data)
    bits.take(2)
    profile = bits.take(1) + 2 * bits.take(1)
    if profile == 3:
        bits.take(1)
    bits.take(4 + 24)
    if profile >= 2:
        bits.take(1)
    if bits.take(3) == 7:  # RGB
        bits.take(profile & 1)
    else:
        bits.take(4 if profile & 1 else 1)
    return bits.take(32).to_bytes(4, "big")


_VOP = b"\0\0\1\xb6"
# Start code, type, time, marker and vop_coded = 0 fill up to so many bytes; a coded VOP needs more.
_EMPTY_VOP = 8


def _h263(data: bytes) -> bool:
    """PTYPE, bit 9, or the type code of PLUSPTYPE (H.263, 5.1.3 and 5.1.4)."""
    bits = _Bits(data)
    if bits.take(22) != 0x20:
        return True
    bits.take(8 + 2 + 3)
    if bits.take(3) != 7:
        return bits.take(1) == 0
    if bits.take(3) == 1:
        bits.take(18)
    return bits.take(3) == 0


def _sorenson(data: bytes) -> bool:
    """PictureType of Sorenson's H.263 (Flash file format, Annex on video)."""
    bits = _Bits(data)
    if bits.take(17) != 1:
        return True
    bits.take(5 + 8)
    size = bits.take(3)
    bits.take({0: 16, 1: 32}.get(size, 0))
    return bits.take(2) == 0


def _mpeg4(data: bytes) -> bool:
    at = data.find(_VOP)
    return at < 0 or len(data) <= at + 4 or data[at + 4] >> 6 == 0


def _mpeg2(data: bytes) -> bool:
    """picture_coding_type (ISO/IEC 13818-2, 6.2.3)."""
    at = data.find(b"\0\0\1\0")
    return at < 0 or len(data) <= at + 5 or (data[at + 5] >> 3) & 7 == 1


def _vp8(data: bytes) -> bool:
    return not data or data[0] & 1 == 0


def _vp9(data: bytes) -> bool:
    """frame_type; a picture that only shows an existing one is no key (VP9 bitstream, 6.2)."""
    bits = _Bits(data)
    bits.take(2)
    if bits.take(1) + 2 * bits.take(1) == 3:
        bits.take(1)
    return bits.take(1) == 0 and bits.take(1) == 0


def _av1(data: bytes) -> bool:
    """A key frame that is shown at once; one that is shown later leaves older references alive (AV1, 7.20)."""
    for kind, payload in av1_units(data):
        if kind == 1 and payload and payload[0] & 8:  # reduced_still_picture_header
            return True
        if kind in (3, 6):
            return bool(payload) and payload[0] >> 4 == 0b0001
    return True


def av1_units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give type and payload of each open bitstream unit (AV1, 5.3)."""
    at = 0
    while at < len(data):
        header = data[at]
        at += 2 if header & 4 else 1
        if not header & 2:  # no size: it fills the packet
            yield (header >> 3) & 15, data[at:]
            return
        size, shift = 0, 0
        while at < len(data):
            size |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 128:
                break
        yield (header >> 3) & 15, data[at : at + size]
        at += size


def _theora(data: bytes) -> bool:
    return not data or data[0] & 0xC0 == 0


class _Bits:
    """Bits of a packet's beginning, most significant first; zeros follow the end."""

    def __init__(self, data: bytes) -> None:
        head = data[:24]
        self._value = int.from_bytes(head, "big") << 64
        self._left = 8 * len(head) + 64

    def take(self, count: int) -> int:
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1) if self._left >= 0 else 0
