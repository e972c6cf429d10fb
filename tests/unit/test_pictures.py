from fractions import Fraction
from typing import Any

import av
import pytest

from media_ops.frames.pictures import is_intra, is_shown, shows_nothing, size_header

Coded = list[tuple[bool, bytes]]


def coded(codec: str, options: dict[str, str], size: tuple[int, int] = (176, 144), frames: int = 6) -> Coded:
    """Packets of a moving picture with one key frame, as (key flag, data), by an encoder that tells the truth."""
    context: Any = av.CodecContext.create(codec, "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 25)
    context.framerate = 25
    context.gop_size = 100
    context.options = options
    packets = []
    for number in [*range(frames), None]:
        frame = None
        if number is not None:
            frame = av.VideoFrame(*size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes((number * 9 + place) % 251 for place in range(plane.buffer_size)))
            frame.pts = number
        packets += [(packet.is_keyframe, bytes(packet)) for packet in context.encode(frame)]
    return packets


CODECS = {
    "h263": {},
    "flv": {},
    "mpeg4": {},
    "mpeg1video": {},
    "mpeg2video": {},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "libsvtav1": {"preset": "12", "svtav1-params": "pred-struct=1"},
}


@pytest.mark.parametrize("encoder", CODECS)
def test_intra_pictures_are_told_from_others(encoder: str) -> None:
    codec = {"libvpx": "vp8", "libvpx-vp9": "vp9", "libsvtav1": "av1"}.get(encoder, encoder)
    packets = coded(encoder, CODECS[encoder])
    assert {key for key, _ in packets} == {True, False}
    assert [is_intra(codec, data) for _, data in packets] == [key for key, _ in packets]


def test_theora() -> None:
    assert is_intra("theora", b"\x00\x01")
    assert not is_intra("theora", b"\x40\x01")


@pytest.mark.parametrize("encoder", ["mpeg2video", "libvpx", "libvpx-vp9", "libsvtav1"])
def test_size_headers_differ_where_sizes_do(encoder: str) -> None:
    codec = {"libvpx": "vp8", "libvpx-vp9": "vp9", "libsvtav1": "av1"}.get(encoder, encoder)

    def header(size: tuple[int, int]) -> bytes:
        return size_header(codec, coded(encoder, CODECS[encoder], size, 3)[0][1], lambda: iter(()))

    assert header((176, 144))
    assert header((176, 144)) != header((192, 144))
    assert header((176, 144)) != header((176, 128))


def test_what_is_unknown_is_believed() -> None:
    assert is_intra("prores", b"anything")
    assert size_header("prores", b"anything", lambda: iter(())) == b""


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff" * 30, b"\0\0\1\0", b"\0\0\1\xb6", b"\x0a\xff\xff"])
@pytest.mark.parametrize(
    "codec", ["h263", "flv", "mpeg4", "mpeg1video", "mpeg2video", "vp8", "vp9", "av1", "theora", "h264", "hevc"]
)
def test_garbage_is_no_crash(codec: str, data: bytes) -> None:
    assert is_intra(codec, data) in (True, False)
    assert is_shown(codec, data) in (True, False)
    assert isinstance(size_header(codec, data, lambda: iter(())), bytes)


def test_mpeg4_packets_that_are_no_frame() -> None:
    vop = b"\0\0\1\xb6" + b"\x10" * 40
    assert not shows_nothing(vop)
    assert shows_nothing(vop + vop), "packed B-frames"
    assert shows_nothing(b"\0\0\1\xb6\x51\xcf"), "vop_coded is 0"
