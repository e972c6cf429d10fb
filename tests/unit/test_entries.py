import pytest

from media_ops.frames.entries import Entry, entry_of, nal_length_size

SPS, IDR, SLICE = b"\x67", b"\x65\x88", b"\x41\x9a"


def recovery_sei(count_bits: str) -> bytes:
    """A recovery point SEI message whose payload starts with the Exp-Golomb code `count_bits`."""
    payload = int(count_bits.ljust(8, "1"), 2).to_bytes(1, "big")
    return b"\x06\x06" + len(payload).to_bytes(1, "big") + payload + b"\x80"


def annexb(*nals: bytes) -> bytes:
    return b"".join(b"\0\0\1" + nal for nal in nals)


def prefixed(*nals: bytes) -> bytes:
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


@pytest.mark.parametrize(("pack", "size"), [(annexb, 0), (prefixed, 4)])
def test_h264(pack: object, size: int) -> None:
    assert callable(pack)
    assert entry_of("h264", pack(SPS, IDR), size) is Entry.CLOSED
    assert entry_of("h264", pack(recovery_sei("1"), SLICE), size) is Entry.OPEN
    assert entry_of("h264", pack(recovery_sei("00101"), SLICE), size) is Entry.NONE, "intra refresh is no entry"
    assert entry_of("h264", pack(SLICE), size) is Entry.NONE


@pytest.mark.parametrize(
    ("kind", "entry"), [(19, Entry.CLOSED), (20, Entry.CLOSED), (21, Entry.OPEN), (16, Entry.OPEN), (1, Entry.NONE)]
)
def test_hevc(kind: int, entry: Entry) -> None:
    assert entry_of("hevc", annexb(bytes([32 << 1, 1]), bytes([kind << 1, 1])), 0) is entry


def test_other_codecs_are_taken_at_the_containers_word() -> None:
    assert entry_of("vp9", b"anything", 0) is Entry.OPEN


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\1", b"\xff" * 40, b"\0\0\0\xff", b"\x06\x06\xff\xff"])
@pytest.mark.parametrize("size", [0, 1, 2, 4])
def test_garbage_is_no_entry_and_no_crash(data: bytes, size: int) -> None:
    assert entry_of("h264", data, size) in (Entry.NONE, Entry.OPEN, Entry.CLOSED)
    assert entry_of("hevc", data, size) in (Entry.NONE, Entry.OPEN, Entry.CLOSED)


def test_length_prefix_is_read_from_the_configuration_record() -> None:
    assert nal_length_size("h264", b"\x01\x64\x00\x1f\xff\xe1") == 4
    assert nal_length_size("h264", b"\0\0\0\1\x67") == 0
    assert nal_length_size("h264", None) == 0
