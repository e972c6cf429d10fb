"""For all tests: clips by recipe, made once a session, and an Airflow home of their own.

Airflow reads its home and its configuration file once, when it is imported, and would make them in the user's home.
So the home is named while tests are collected, and no test module imports airflow at module level. Everything else
is said in that home's file and not in the environment, which other tests hand on to the services they start.
"""

from __future__ import annotations

import atexit
import configparser
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]


def make_home() -> Path:
    """Make the home, with its configuration, and name it in the environment."""
    home = Path(tempfile.mkdtemp(prefix="media-ops-airflow-"))
    atexit.register(remove, home, os.getpid())
    settings: dict[str, dict[str, Any]] = {
        "core": {
            "load_examples": False,
            "dags_folder": REPOSITORY / "dags",
            "plugins_folder": REPOSITORY / "plugins",
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home}/airflow.db"},
        "logging": {"logging_level": "WARNING"},
    }
    file = configparser.RawConfigParser()
    file.read_dict(settings)
    with (home / "airflow.cfg").open("w") as out:
        file.write(out)
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        del os.environ[name]
    os.environ["AIRFLOW_HOME"] = str(home)
    return home


def remove(home: Path, owner: int) -> None:
    """Remove the home, unless this is a forked child of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)


make_home()

Clip = Callable[[str], Path]

MOVING = "testsrc2=s=320x180:r=25"
TONE = "sine=440:r=48000"

# name.extension -> arguments of the ffmpeg program, without the output.
RECIPES: dict[str, list[str]] = {
    "plain.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=8", "-f", "lavfi", "-i", f"{TONE}:d=8"]
    + ["-c:v", "libx264", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"],
    "silent.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-c:v", "libx264", "-pix_fmt", "yuv420p"],
    # Variable frame rate with B-frames and sound: two frames of seven are dropped, times stay.
    "vfr.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=8", "-f", "lavfi", "-i", f"{TONE}:d=8"]
    + ["-vf", "select='not(eq(mod(n,7),3))*not(eq(mod(n,7),4))'", "-fps_mode", "passthrough", "-enc_time_base", "-1"]
    + ["-c:v", "libx264", "-g", "40", "-bf", "3", "-pix_fmt", "yuv420p", "-c:a", "aac"],
    "open_gop.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=6", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    + ["-x264-params", "open-gop=1:keyint=24:bframes=3:b-adapt=0:scenecut=0"],
    "intra_refresh.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    + ["-x264-params", "intra-refresh=1:keyint=25:bframes=0"],
    "hevc_cra.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-c:v", "libx265", "-pix_fmt", "yuv420p"]
    + ["-x265-params", "open-gop=1:keyint=24:bframes=4:scenecut=0:log-level=none"],
    "mpeg2.ts": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-f", "lavfi", "-i", f"{TONE}:d=4"]
    + ["-c:v", "mpeg2video", "-g", "15", "-bf", "2", "-b:v", "2M", "-c:a", "mp2", "-f", "mpegts"],
    "h264.ts": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-f", "lavfi", "-i", f"{TONE}:d=4"]
    + ["-c:v", "libx264", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mpegts"],
    "mpeg4.avi": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-f", "lavfi", "-i", f"{TONE}:d=4"]
    + ["-c:v", "mpeg4", "-g", "30", "-bf", "2", "-q:v", "4", "-c:a", "mp3"],
    "h264.avi": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-c:v", "libx264", "-bf", "2", "-pix_fmt", "yuv420p"],
    "vp9.webm": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-c:v", "libvpx-vp9", "-g", "30", "-deadline", "realtime"]
    + ["-cpu-used", "8"],
    "vp8.webm": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"],
    "single_key.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-c:v", "libx264", "-g", "9999", "-pix_fmt", "yuv420p"]
    + ["-sc_threshold", "0"],
    "fragmented.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p"]
    + ["-movflags", "frag_keyframe+empty_moov"],
    "raw.264": ["-f", "lavfi", "-i", f"{MOVING}:d=3", "-c:v", "libx264", "-bf", "2", "-pix_fmt", "yuv420p"],
    "pcm.mov": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-f", "lavfi", "-i", f"{TONE}:d=4"]
    + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le"],
    "late_sound.mkv": ["-f", "lavfi", "-i", f"{MOVING}:d=4", "-itsoffset", "0.5", "-f", "lavfi", "-i", f"{TONE}:d=3"]
    + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le"],
    "ten_bit.mkv": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv420p10le"],
    "four_two_two.mkv": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv422p"],
    "four_four_four.mkv": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv444p"],
    "grey.mkv": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "ffv1", "-pix_fmt", "gray"],
    "rgb.mkv": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "ffv1", "-pix_fmt", "bgr0"],
    "alpha.mov": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "qtrle", "-pix_fmt", "argb"],
    "full_range.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-c:v", "libx264", "-pix_fmt", "yuvj420p"]
    + ["-color_range", "pc", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
    "odd.mkv": ["-f", "lavfi", "-i", "testsrc2=s=322x182:r=25:d=1,format=yuv444p,crop=321:181:0:0:exact=1"]
    + ["-c:v", "ffv1", "-pix_fmt", "yuv420p"],
    "odd_444.mkv": ["-f", "lavfi", "-i", "testsrc2=s=321x181:r=25:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv444p"],
    "anamorphic.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=1", "-vf", "setsar=4/3", "-c:v", "libx264"]
    + ["-pix_fmt", "yuv420p"],
    "one_frame.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=0.04", "-c:v", "libx264", "-pix_fmt", "yuv420p"],
    "sound_only.m4a": ["-f", "lavfi", "-i", f"{TONE}:d=2", "-c:a", "aac"],
}


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Give the clip of a recipe's name, making it on its first use."""
    folder = tmp_path_factory.mktemp("clips")

    def make(name: str) -> Path:
        path = folder / name
        if not path.exists():
            command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", *RECIPES[name], str(path)]
            subprocess.run(command, check=True, timeout=120)
        return path

    return make
