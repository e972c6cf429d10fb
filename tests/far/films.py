"""Films that are larger than what FFmpeg reads to open them: twelve megabytes in two seconds."""

from __future__ import annotations

import subprocess
from pathlib import Path

_WORDS = "1\n00:00:00,500 --> 00:00:01,000\nearly\n\n2\n00:00:01,500 --> 00:00:01,900\nlate\n"
_PICTURE = (
    "-f lavfi -i testsrc2=s=640x360:r=25:d=2 -f lavfi -i sine=440:r=48000:d=2 -f lavfi -i anoisesrc=r=44100:d=2"
)
_CODING = "-vf noise=alls=90:allf=t -c:v libx264 -preset ultrafast -qp 4 -g 10 -bf 2 -pix_fmt yuv420p -c:a aac"
_ALL, _SOUND = "-map 0 -c copy", "-map 0:v -map 0:a -c copy"
FILMS = {
    "film.mkv": _ALL,
    "film.mp4": f"{_ALL} -c:s mov_text",
    "front.mp4": f"{_ALL} -c:s mov_text -movflags +faststart",
    "fragments.mp4": f"{_SOUND} -movflags frag_keyframe+empty_moov",
    "film.mov": _SOUND,
    "film.ts": _SOUND,
    "film.m2ts": f"{_SOUND} -f mpegts -mpegts_m2ts_mode 1",
    "film.flv": "-map 0:v -map 0:a:0 -c copy",
}


def make_film(folder: Path, name: str) -> Path:
    """Make one, and the Matroska file that all are made of."""
    master, path = folder / "film.mkv", folder / name
    if not master.exists():
        (folder / "words.srt").write_text(_WORDS)
        more = f"-i words.srt -map 0 -map 1 -map 2 -map 3 {_CODING} -c:s srt film.mkv"
        _ffmpeg(folder, f"-threads 1 {_PICTURE} {more}")
    if not path.exists():
        _ffmpeg(folder, f"-i film.mkv {FILMS[name]} {name}")
    return path


def _ffmpeg(folder: Path, arguments: str) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", *arguments.split()]
    subprocess.run(command, check=True, timeout=120, cwd=folder)
