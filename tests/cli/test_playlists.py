"""A playlist, by whatever name, leads nowhere: the file it names is never opened, and the error has a code."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.cli.app import start
from tests.boxes import box, boxes, changed
from tests.cli.watched import Watched
from tests.everyday import SLOW, ordinarily

Clip = Callable[[str], Path]
Naive = Callable[[str], object]


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """`start` takes over the signals of a program."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    signal.set_wakeup_fd(-1)  # else a SIGTERM of a later test is sent once more when nobody expects it
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def folder(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where the secrets lie: `secret.ts`, `secret.mp4` and the first pictures of `%d.png`."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    shutil.copy(clip("tiny.ts"), work / "secret.ts")
    shutil.copy(clip("tiny.mp4"), work / "secret.mp4")
    shutil.copy(clip("moving.apng"), work / "1.png")
    return work


@contextlib.contextmanager
def watching(path: Path) -> Iterator[Watched]:
    watched = Watched(path)
    try:
        yield watched
    finally:
        watched.close()


def plain(name: str) -> None:
    with av.open(name) as container:
        next(container.demux())


def program(name: str) -> None:
    subprocess.run(["ffprobe", "-v", "error", "-allowed_extensions", "ALL", name], check=False, capture_output=True)
    subprocess.run(["ffprobe", "-v", "error", name], check=False, capture_output=True)


def following_references(name: str) -> None:
    with av.open(name, options={"enable_drefs": "1"}) as container:
        next(container.demux())


def hls(target: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n".encode()


MPD = b"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="0" bandwidth="1000">
<BaseURL>secret.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>
"""
SDP = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 33\n"

# file name, its content by the folder, the secret that it names, who opens that secret without being asked
FILES: list[tuple[str, Callable[[Path], bytes], str, Naive | None]] = [
    ("list.m3u8", lambda at: hls("secret.ts"), "secret.ts", plain),
    ("absolute.m3u8", lambda at: hls(f"{at}/secret.ts"), "secret.ts", plain),
    ("address.m3u8", lambda at: hls(f"file://{at}/secret.ts"), "secret.ts", plain),
    ("hls.mp4", lambda at: hls("secret.ts"), "secret.ts", program),
    ("hls.ts", lambda at: hls(f"{at}/secret.ts"), "secret.ts", program),
    ("hls.mkv", lambda at: hls(f"file://{at}/secret.ts"), "secret.ts", program),
    ("list.mp4", lambda at: b"ffconcat version 1.0\nfile secret.ts\n", "secret.ts", plain),
    ("list.ffconcat", lambda at: b"ffconcat version 1.0\nfile secret.ts\n", "secret.ts", plain),
    ("manifest.mpd", lambda at: MPD, "secret.mp4", program),
    ("manifest.mp4", lambda at: MPD, "secret.mp4", program),
    ("stream.sdp", lambda at: SDP, "secret.ts", None),
    ("%d.png", lambda at: b"no picture at all", "1.png", plain),
    ("reference.mov", lambda at: referring(at / "secret.mp4"), "secret.mp4", following_references),
]


# One for each reader that would follow it.
ORDINARY = ("list.m3u8", "list.mp4", "manifest.mp4", "stream.sdp", "%d.png", "reference.mov")


@pytest.mark.parametrize(
    ("name", "content", "secret", "naive"),
    [pytest.param(*file, id=file[0], marks=() if file[0] in ORDINARY else SLOW) for file in FILES],
)
def test_files_that_are_playlists(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: Callable[[Path], bytes],
    secret: str,
    naive: Naive | None,
) -> None:
    (folder / name).write_bytes(content(folder))
    with watching(folder / secret) as watched:
        refused(capsys, name)
        assert not watched.opened()
        if naive:
            with contextlib.suppress(av.FFmpegError):
                naive(name)
            assert watched.opened(), "nobody would follow this playlist: the test proves nothing"


@pytest.mark.parametrize(
    ("vector", "naive"),
    [
        ("concat:secret.ts|secret.ts", plain),
        ("subfile,,start,0,end,100000,,:{at}/secret.ts", plain),
        ("subfile:,,start,0,end,100000,,:{at}/secret.ts", None),
        ("async:secret.ts", plain),
        ("cache:secret.ts", plain),
        ("tee:secret.ts", None),
        ("crypto:secret.ts", None),
        ("concatf:names.txt", plain),
        ("hls+file://{at}/list.m3u8", None),
        ("pipe:0", None),
        ("fd:", None),
        ("data:text/plain,ffconcat%20version%201.0", None),
        ("lavfi:movie=secret.ts", None),
        ("rtsp://127.0.0.1:9/secret.ts", None),
        ("-i", None),
        ("secret%2ets", None),
        ("./*.ts", None),
    ],
)
def test_inputs_that_are_no_files(
    folder: Path, capsys: pytest.CaptureFixture[str], vector: str, naive: Naive | None
) -> None:
    (folder / "names.txt").write_text(f"file:{folder}/secret.ts\n")
    (folder / "list.m3u8").write_bytes(hls("secret.ts"))
    given = vector.format(at=folder)
    with watching(folder / "secret.ts") as watched:
        refused(capsys, given, codes={"source_not_allowed", "source_not_found"})
        assert not watched.opened()
        if naive:
            with contextlib.suppress(av.FFmpegError):
                naive(given)
            assert watched.opened(), "nobody would follow this address: the test proves nothing"


@pytest.mark.parametrize(
    "name",
    ordinarily(
        [
            "secret.ts",
            "concat:secret.ts",
            "-i.ts",
            "subfile,,start,0,end,9,,:a.ts",
            "pipe:0",
            "my%20dog.png",
            "a|b %d.ts",
        ],
        "secret.ts",
        "concat:secret.ts",
        "a|b %d.ts",
    ),
)
def test_the_secret_itself_is_media_by_any_name(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    if not (folder / name).exists():
        shutil.copy(folder / ("1.png" if name.endswith(".png") else "secret.ts"), folder / name)
    given = name if not name.startswith("-") else f"./{name}"
    assert answer(capsys, "probe", given)["frames"] == (15 if name.endswith(".png") else 25)
    if name == "secret.ts":
        document = answer(capsys, "run", "transcode_h264", given, "-o", "out.mp4", "--param", "preset=ultrafast")
        assert document["outcome"] == "succeeded"
        assert document["proof"]["frames_out"] == 25
    assert answer(capsys, "compare", given, given)["differences"] == []


def refused(capsys: pytest.CaptureFixture[str], given: str, codes: set[str] | None = None) -> None:
    """Every command gives an error with a code of the input's fate, and leaves no result."""
    dashes = ["--"] if given.startswith("-") else []
    for command in (
        ["run", "transcode_h264", "-o", "out.mp4", "--json", *dashes, given],
        ["probe", "--json", *dashes, given],
        ["compare", "--json", *dashes, given, given],
    ):
        status = start(command)
        error = json.loads(capsys.readouterr().out)["error"]
        assert (status, error["fate"]) == (2, "input")
        assert error["code"] in (codes or {"not_media", "damaged_media", "no_video"})
        assert not Path("out.mp4").exists()


def answer(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    status = start([command[0], "--json", *command[1:]])
    said = capsys.readouterr()
    assert status == 0, said.err
    return json.loads(said.out)


def referring(target: Path) -> bytes:
    """Give a MOV whose only track says that its samples lie in another file beside it."""
    volume, path = b"disk", f"/{target.name}".encode()
    alias = bytes(10) + bytes([len(volume)]) + volume.ljust(27, b"\0") + bytes(12) + bytes(64) + bytes(16)
    alias += struct.pack(">HH", 1, 1) + bytes(16) + struct.pack(">HH", 2, len(path)) + path + bytes(len(path) % 2)
    alias += struct.pack(">HH", 0xFFFF, 0)
    references = struct.pack(">II", 0, 1) + box(b"alis", bytes(4) + alias)
    header = b"".join(box(*part) for part in boxes(target.read_bytes()) if part[0] in (b"ftyp", b"moov"))
    return changed(header, lambda kind, content: references if kind == b"dref" else content)
