"""What people really have: edit lists, broken clocks, fields, deep colour, changes in the middle."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tests.boxes import changed

Make = Callable[[str], Path]
Recipe = list[str] | Callable[[Path, Make], None]


def _moving(seconds: float = 1.6, size: str = "160x90") -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={seconds}"]


def _tone(seconds: float = 1.6, pitch: int = 440) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine={pitch}:r=48000:d={seconds}"]


X264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "12", "-bf", "2", "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"]
AAC = ["-c:a", "aac"]
MASTERING = (
    "hdr10=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
)
OPEN = "open-gop=1:keyint=12:bframes=3:b-adapt=0:scenecut=0"
WRAP = 2**33 / 90000


def _program(path: Path, *arguments: str | Path) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", *map(str, arguments), str(path)]
    subprocess.run(command, check=True, timeout=120)


def _from(name: str, *arguments: str, before: tuple[str, ...] = ()) -> Callable[[Path, Make], None]:
    """Copy another clip with these arguments."""
    return lambda path, make: _program(path, *before, "-i", make(name), "-map", "0", "-c", "copy", *arguments)


def _one_after_another(*names: str) -> Callable[[Path, Make], None]:

    def write(path: Path, make: Make) -> None:
        path.write_bytes(b"".join(make(name).read_bytes() for name in names))

    return write


def _edited(entries: list[tuple[int, int, int]]) -> Callable[[Path, Make], None]:
    """Write (milliseconds shown, milliseconds into the media or -1, rate) as the edit list of the only track."""

    def write(path: Path, make: Make) -> None:
        data = make("silent_small.mp4").read_bytes()
        scale = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)[0]
        table = b"".join(
            struct.pack(">Iihh", shown, at if at < 0 else at * scale // 1000, rate, 0) for shown, at, rate in entries
        )
        content = struct.pack(">II", 0, len(entries)) + table
        path.write_bytes(changed(data, lambda kind, old: content if kind == b"elst" else old))

    return write


def _turned(*matrix: int) -> Callable[[Path, Make], None]:
    def write(path: Path, make: Make) -> None:
        with av.open(str(make("small.mp4"))) as source, av.open(str(path), "w") as output:
            streams = {s.index: output.add_stream_from_template(s) for s in source.streams}
            streams[0].set_display_matrix((*matrix, 0, 0, 1 << 30))  # type: ignore[attr-defined]
            for packet in source.demux():
                if packet.size:
                    packet.stream = streams[packet.stream.index]
                    output.mux(packet)

    return write


def _restamped(source: str, time: Callable[[int], int], **options: str) -> Callable[[Path, Make], None]:
    """Write the packets of a clip without B-frames again, packet `n` at `time(n)` ticks of 1/25 s."""

    def write(path: Path, make: Make) -> None:
        with av.open(str(make(source))) as original, av.open(str(path), "w", options=options) as output:
            stream = output.add_stream_from_template(original.streams.video[0])
            stream.time_base = Fraction(1, 25)
            packets = (packet for packet in original.demux(video=0) if packet.size)
            for number, packet in enumerate(packets):
                packet.stream = stream
                packet.time_base = Fraction(1, 25)
                packet.pts = packet.dts = time(number)
                packet.duration = 1
                output.mux(packet)

    return write


def _packed(path: Path, make: Make) -> None:
    """Write MPEG-4 as DivX did: a B-frame in the packet of the P-frame before it, then a frame that is not coded."""
    with av.open(str(make("small.avi"))) as source, av.open(str(path), "w") as output:
        video: Any = source.streams.video[0]
        stream = output.add_stream_from_template(video)
        packets = [bytes(packet) for packet in source.demux(video) if packet.size]
        signed, written = False, []
        for number, data in enumerate(packets):
            coded_as = data[data.index(b"\0\0\1\xb6") + 4] >> 6
            following = packets[number + 1] if number + 1 < len(packets) else b""
            next_is_b = following and following[following.index(b"\0\0\1\xb6") + 4] >> 6 == 2
            if coded_as == 2:
                written.append(b"\0\0\1\xb6\x50\x5f")  # its place: a picture that is not coded
            else:
                written.append(data + (following if next_is_b else b""))
            if not signed:
                at = written[0].index(b"\0\0\1\xb6")
                written[0] = written[0][:at] + b"\0\0\1\xb2DivX503b1393p" + written[0][at:]
                signed = True
        for number, data in enumerate(written):
            packet = av.Packet(data)
            packet.stream = stream
            packet.time_base = Fraction(1, 25)
            packet.pts = packet.dts = number
            packet.is_keyframe = data.find(b"\0\0\1\xb6") >= 0 and data[data.index(b"\0\0\1\xb6") + 4] >> 6 == 0
            output.mux(packet)


def _several(path: Path, make: Make) -> None:
    """Two languages of sound, subtitles, chapters, a title and an attachment."""
    (words := path.with_suffix(".srt")).write_text("1\n00:00:00,200 --> 00:00:00,900\nhello\n")
    (marks := path.with_suffix(".marks")).write_text(
        ";FFMETADATA1\ntitle=Nasty\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=800\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=800\nEND=1600\ntitle=Two\n"
    )
    inputs: list[str | Path] = [*_moving(), *_tone(), *_tone(pitch=880), "-i", words, "-i", marks]
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s", "-map_metadata", "4", "-map_chapters", "4"]
    codecs = [*X264, "-c:a:0", "aac", "-c:a:1", "aac", "-c:s", "srt"]
    said = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"]
    _program(path, *inputs, *maps, *codecs, *said, "-attach", words, "-metadata:s:t", "mimetype=text/plain")


def _without_packets(source: str, dropped: int) -> Callable[[Path, Make], None]:
    """Copy a transport stream from its packet `dropped` on."""

    def write(path: Path, make: Make) -> None:
        data = make(source).read_bytes()
        cells = [data[at : at + 188] for at in range(0, len(data), 188)]
        video = [n for n, cell in enumerate(cells) if cell[1] & 0x40 and (cell[1] & 0x1F, cell[2]) == (1, 0)]
        path.write_bytes(b"".join(cells[:2] + cells[video[dropped] :]))

    return write


def _covered(path: Path, make: Make) -> None:
    cover = path.with_suffix(".png")
    _program(cover, "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    copied = ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic"]
    _program(path, "-i", make("small.mp4"), "-i", cover, *copied)


def _interlaced(*codec: str) -> list[str]:
    return [*_moving(3.2, "160x96"), "-vf", "tinterlace=interleave_top,setfield=tff", *codec]


NASTY: dict[str, Recipe] = {
    "tiny.mp4": [*_moving(1), *X264],
    "tiny.ts": [*_moving(1), *X264],
    "tiny.gif": [*_moving(1, "96x54")],
    "small.mp4": [*_moving(), *_tone(), *X264, *AAC],
    "silent_small.mp4": [*_moving(), *X264],
    "no_b.mp4": [*_moving(), *X264, "-bf", "0"],
    "small.avi": [*_moving(), "-c:v", "mpeg4", "-g", "12", "-bf", "1", "-q:v", "4"],
    # Clocks and edit lists
    "trimmed.mp4": _from("small.mp4", before=("-ss", "0.3")),
    "two_edits.mp4": _edited([(400, 80, 1), (600, 800, 1)]),
    "turned_back.mp4": _edited([(400, 880, 1), (600, 80, 1)]),
    "empty_edit.mp4": _edited([(500, -1, 1), (1600, 80, 1)]),
    "late_video.mp4": ["-itsoffset", "0.5", *_moving(1.2), *_tone(1.7), *X264, *AAC, "-fps_mode", "passthrough"],
    "late_sound.mp4": [*_moving(), "-itsoffset", "0.5", *_tone(1), *X264, *AAC],
    "long_sound.mp4": [*_moving(1.2), *_tone(2.5), *X264, *AAC],
    "negative.mkv": [*_moving(), *X264, "-output_ts_offset", "-0.5", "-avoid_negative_ts", "disabled"],
    "hour.mkv": [*_moving(), *_tone(), *X264, *AAC, "-output_ts_offset", "3600"],
    "repeated.mkv": _restamped("no_b.mp4", lambda n: n - (n % 10 == 9)),
    "gap.mkv": _restamped("no_b.mp4", lambda n: n + (n > 20) * 25 * 600),
    "small_fragments.mp4": _from("small.mp4", "-movflags", "frag_keyframe+empty_moov"),
    "h264_b.avi": _from("silent_small.mp4"),
    "packed.avi": _packed,
    "later.ts": [*_moving(), *_tone(), *X264, *AAC, "-output_ts_offset", "500"],
    "small.ts": [*_moving(), *_tone(), *X264, *AAC],
    "forward.ts": _one_after_another("small.ts", "later.ts"),
    "backward.ts": _one_after_another("later.ts", "small.ts"),
    "wrap.ts": [*_moving(), *_tone(), *X264, *AAC, "-output_ts_offset", str(WRAP - 0.8), "-mpegts_copyts", "1"]
    + ["-muxdelay", "0", "-muxpreload", "0"],
    # Pictures that need others
    "open.mp4": [*_moving(), *X264, "-x264-params", OPEN],
    "open.ts": [*_moving(), *X264, "-x264-params", OPEN],
    "cut_open.ts": _without_packets("open.ts", 14),
    "cra.mp4": [*_moving(), *X265, "-pix_fmt", "yuv420p"]
    + ["-x265-params", "open-gop=1:keyint=12:min-keyint=12:bframes=4:scenecut=0:log-level=none"],
    "cut_cra.mkv": _from("cra.mp4", before=("-ss", "0.7")),
    "open_mpeg2.ts": [*_moving(), "-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "4"],
    "refresh.mp4": [*_moving(), *X264, "-x264-params", "intra-refresh=1:keyint=12:bframes=0"],
    "one_key.mp4": [*_moving(), *X264, "-g", "9999"],
    # Fields
    "mbaff.mp4": _interlaced(*X264, "-flags", "+ilme+ildct", "-x264-params", "tff=1"),
    "fields.ts": _interlaced("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-top", "1", "-q:v", "3", "-g", "12"),
    # Colour
    "deep.mp4": [*_moving(), *X264, "-pix_fmt", "yuv420p10le"],
    "hdr10.mp4": [*_moving(), *X265, "-x265-params", f"log-level=none:{MASTERING}"]
    + ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"],
    "hlg.mp4": [*_moving(), *X265, "-x265-params", "log-level=none"]
    + ["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc", "-color_range", "tv"],
    "full.mp4": [*_moving(), *X264, "-pix_fmt", "yuvj420p", "-color_range", "pc"],
    "422.mp4": [*_moving(), *X264, "-pix_fmt", "yuv422p"],
    "444.mp4": [*_moving(), *X264, "-pix_fmt", "yuv444p"],
    "rgb_h264.mkv": [*_moving(), "-c:v", "libx264rgb", "-preset", "veryfast", "-g", "12", "-pix_fmt", "rgb24"],
    "alpha_prores.mov": [*_moving(1), "-vf", "format=yuva444p10le", "-c:v", "prores_ks", "-profile:v", "4444"],
    "alpha.webm": [*_moving(1), "-vf", "format=yuva420p", "-c:v", "libvpx-vp9", "-deadline", "realtime"]
    + ["-cpu-used", "8"],
    # Shapes
    "odd_420.mkv": [*_moving(1, "162x92"), "-vf", "crop=161:91:0:0:exact=1", "-c:v", "ffv1", "-pix_fmt", "yuv420p"],
    "odd_444.mp4": [*_moving(1, "161x91"), *X264, "-pix_fmt", "yuv444p"],
    "wide.mp4": [*_moving(), "-vf", "setsar=64/45", *X264],
    "rotated.mp4": _turned(0, 65536, 0, -65536, 0, 0),
    "mirrored.mp4": _turned(-65536, 0, 0, 0, 65536, 0),
    "narrow.ts": [*_moving(1, "128x96"), *X264, "-output_ts_offset", "2"],
    "resized.ts": _one_after_another("tiny.ts", "narrow.ts"),
    # What stands beside the picture
    "several.mkv": _several,
    "several.mp4": _from("several.mkv", "-map", "-0:t", "-c:s", "mov_text"),
    "covered.mp4": _covered,
    "timecode.mov": [*_moving(), *_tone(), *X264, *AAC, "-timecode", "01:00:00:00"],
    # Codecs
    "altref.webm": [
        *_moving(),
        *_tone(),
        "-c:v",
        "libvpx",
        "-auto-alt-ref",
        "1",
        "-lag-in-frames",
        "12",
        "-b:v",
        "300k",
    ]
    + ["-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis"],
    "small_vp9.webm": [
        *_moving(),
        *_tone(),
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-g",
        "12",
    ]
    + ["-c:a", "libvorbis"],
    "mp3.mkv": [*_moving(), *_tone(), *X264, "-c:a", "libmp3lame"],
    "opus.webm": [
        *_moving(),
        *_tone(),
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-c:a",
        "libopus",
    ],
    "av1.mp4": [*_moving(1), "-c:v", "libsvtav1", "-preset", "12", "-g", "12"],
    "moving.webp": [*_moving(1, "96x54"), "-c:v", "libwebp_anim", "-loop", "0"],
    "moving.apng": [*_moving(0.6, "96x54"), "-f", "apng"],
    "clip.flv": [*_moving(), *_tone(), *X264, *AAC],
    "clip.wmv": [*_moving(), *_tone(), "-c:v", "wmv2", "-q:v", "4", "-c:a", "wmav2"],
    "clip.mpg": [*_moving(), *_tone(), "-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "4", "-c:a", "mp2"],
    "clip.mxf": [*_moving(), "-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "4"],
    "prores.mov": [*_moving(1), *_tone(1), "-c:v", "prores_ks", "-profile:v", "2", "-c:a", "pcm_s16le"],
    "mjpeg.avi": [*_moving(1), *_tone(1), "-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"],
    "theora.ogv": [*_moving(), *_tone(), "-c:v", "libtheora", "-q:v", "7", "-g", "12", "-c:a", "libvorbis"],
    "single.mp4": [*_moving(0.04), *X264],
    "pair.mp4": [*_moving(0.08), *X264],
    "sound.m4a": [*_tone(1), *AAC],
}
