"""Damaged sources: strict fails with the first bad time, `conceal` gives what a plain decode gives."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.cli import proof as cli
from media_ops.errors import DamagedMedia, NoVideo, Unsupported
from media_ops.frames.fingerprint import fingerprint
from media_ops.frames.indexing import build_index
from media_ops.proof.check import check
from media_ops.storage.document import sealed, to_bytes
from media_ops.storage.proved import proof_path
from tests.everyday import ordinarily

Clip = Callable[[str], Path]


def spoil(source: Path, target: Path, *numbers: int) -> Path:
    """Overwrite most of the packets `numbers` (in decoding order) with noise.

    Key frames are chosen, because a decoder takes noise in a small picture for a picture.
    """
    noise = random.Random(7)
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    for number in numbers:
        packet = packets[number]
        assert packet.pos is not None
        start, end = packet.pos + packet.size // 5, packet.pos + packet.size
        data[start:end] = noise.randbytes(end - start)
    target.write_bytes(data)
    return target


def decoded(path: Path) -> list[tuple[str, int | None]]:
    frames = []
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        for packet in container.demux(video):
            try:
                frames += [(fingerprint(frame), frame.pts) for frame in packet.decode()]
            except av.FFmpegError:
                continue
    return frames


@pytest.mark.parametrize("segments", ordinarily([1, 4], 4))
def test_strict_names_the_first_bad_time(clip: Clip, job: Callable[..., Any], tmp_path: Path, segments: int) -> None:
    work = job(spoil(clip("plain.mp4"), tmp_path / "spoilt.mp4", 100, 150))
    with av.open(str(clip("plain.mp4"))) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][100]
        assert packet.pts is not None
        spoilt = float(packet.pts * packet.time_base)
    with pytest.raises(DamagedMedia, match=r"the picture at \d+\.\d+ s") as failure:
        work.run(segments)
    assert failure.value.rule == "damaged"
    named = float(str(failure.value).partition(" at ")[2].split()[0])
    assert abs(named - spoilt) < 0.2
    assert not work.output.exists()


def test_conceal_gives_what_one_decode_gives(clip: Clip, job: Callable[..., Any], tmp_path: Path) -> None:
    spoilt = spoil(clip("plain.mp4"), tmp_path / "spoilt.mp4", 100, 150)
    work = job(spoilt, params={"preset": "ultrafast", "lossless": True}, on_damage="conceal")
    result = work.run(4, verify="full")
    assert decoded(work.output) == decoded(spoilt)
    assert [pts for _, pts in decoded(work.output)] == [pts for _, pts in decoded(clip("plain.mp4"))]
    assert len(result.proof.damaged) == 2
    assert any("damaged" in warning for warning in result.warnings)
    assert work.slicing.rule == "concealed"


def test_the_proof_of_a_concealed_job_tells_times_and_holds(
    clip: Clip, job: Callable[..., Any], tmp_path: Path
) -> None:
    work = job(spoil(clip("plain.mp4"), tmp_path / "spoilt.mp4", 100, 150), on_damage="conceal")
    proof = work.run(4).proof
    place = proof_path(work.output)
    (line,) = [text for name, text in cli.lines(proof) if name == "damaged"]
    tick = Fraction(proof.source_time_base)
    for start, end in proof.damaged:
        assert f"{float(start * tick):.3f} to {float(end * tick):.3f} s" in line
    for full in (False, True):
        document, result = cli.find(str(place))
        report = check(cli.request(document, result, None, full), tmp_path, lambda done, total: None)
        assert {found.name: found.detail for found in report.checks if found.outcome != "held"} == {}
    moved = proof.model_copy(update={"damaged": proof.damaged[:1]})
    place.write_bytes(to_bytes(sealed(moved)))
    report = check(cli.request(*cli.find(str(place)), None, False), tmp_path, lambda done, total: None)
    assert [found.name for found in report.checks if found.outcome == "failed"] == ["damage"]


def test_conceal_of_a_sound_file_cuts_it(clip: Clip, job: Callable[..., Any]) -> None:
    work = job(clip("plain.mp4"), on_damage="conceal")
    result = work.run(4)
    assert work.slicing.segments == 4
    assert result.proof.damaged == []


def test_a_file_that_ends_early_is_damaged(clip: Clip, job: Callable[..., Any], tmp_path: Path) -> None:
    with av.open(str(clip("h264.ts"))) as container:
        key = [packet for packet in container.demux(video=0) if packet.is_keyframe][2]
    assert key.pos is not None
    short = tmp_path / "short.ts"
    short.write_bytes(clip("h264.ts").read_bytes()[: key.pos + 10 * 188])
    with pytest.raises(DamagedMedia):
        job(short).run(3)
    result = job(short, on_damage="conceal").run(3)
    assert result.proof.frames_out == len(decoded(short))


def test_a_recording_that_begins_within_a_group_of_pictures_is_sound(
    clip: Clip, job: Callable[..., Any], tmp_path: Path
) -> None:
    whole = clip("mpeg2.ts").read_bytes()
    later = tmp_path / "later.ts"
    later.write_bytes(whole[: 188 * 2] + whole[len(whole) // 3 // 188 * 188 :])
    index = build_index(later)
    assert index.built_by == "decoding"
    assert index.findings.damage == ()
    work = job(later, params={"preset": "ultrafast", "lossless": True})
    work.run(3, verify="full")
    assert [digest for digest, _ in decoded(work.output)] == [digest for digest, _ in decoded(later)]


def test_a_picture_that_changes_its_size_is_refused_before_any_work(
    clip: Clip, job: Callable[..., Any], tmp_path: Path
) -> None:
    parts = []
    for size in ("320x180", "160x90"):
        parts.append(tmp_path / f"{size}.ts")
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=1", "-c:v", "libx264"]
        subprocess.run([*command, "-pix_fmt", "yuv420p", str(parts[-1])], check=True, timeout=60)
    changing = tmp_path / "changing.ts"
    changing.write_bytes(parts[0].read_bytes() + parts[1].read_bytes())
    work = job(changing)
    probed = work.probe()
    assert probed.decoded_because
    with pytest.raises(Unsupported, match="from 320x180 yuv420p to 160x90 yuv420p at") as failure:
        work.plan(probed, segments=3)
    assert failure.value.rule in ("changing-picture", "backward-times")


def test_encrypted_pictures_are_refused(clip: Clip, job: Callable[..., Any], tmp_path: Path) -> None:
    locked = tmp_path / "locked.mp4"
    key = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "00" * 16, "-encryption_kid", "11" * 16]
    command = ["ffmpeg", "-v", "error", "-i", str(clip("silent.mp4")), "-c", "copy", *key, str(locked)]
    subprocess.run(command, check=True, timeout=60)
    with pytest.raises(Unsupported, match="encrypted") as failure:
        job(locked).probe()
    assert failure.value.rule == "encrypted"


def test_nothing_decodable_is_no_video(clip: Clip, job: Callable[..., Any], tmp_path: Path) -> None:
    nothing = spoil(clip("one_frame.mp4"), tmp_path / "nothing.mp4")
    data = bytearray(nothing.read_bytes())
    with av.open(str(nothing)) as container:
        packet = next(p for p in container.demux(video=0) if p.size)
    assert packet.pos is not None
    data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    nothing.write_bytes(data)
    with pytest.raises(NoVideo):
        job(nothing).probe()


def test_frames_that_all_have_one_time_are_refused(clip: Clip, job: Callable[..., Any], tmp_path: Path) -> None:
    frozen = tmp_path / "frozen.mkv"
    with av.open(str(clip("four_two_two.mkv"))) as source, av.open(str(frozen), "w") as output:
        video = source.streams.video[0]
        stream = output.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.size:
                packet.pts = packet.dts = 0
                packet.stream = stream
                output.mux(packet)
    with pytest.raises(Unsupported, match="one presentation time") as failure:
        job(frozen).run(3)
    assert failure.value.rule == "no-time"
