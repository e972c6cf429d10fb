"""Clips by recipe: what makes each of them.

A recipe is a list of arguments of the ffmpeg program, without the output, or a function that writes the clip and may
ask for others.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.nasty_recipes import NASTY

Recipe = list[str] | Callable[[Path, Callable[[str], Path]], None]

MOVING = "testsrc2=s=320x180:r=25"
TONE = "sine=440:r=48000"

_PLAIN: dict[str, Recipe] = {
    "plain.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=8", "-f", "lavfi", "-i", f"{TONE}:d=8"]
    + ["-c:v", "libx264", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"],
    # Minutes of work for a slow preset at 720 lines: what ends within one was ended.
    "long.mp4": ["-f", "lavfi", "-i", f"{MOVING}:d=120", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50"]
    + ["-pix_fmt", "yuv420p"],
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
RECIPES = _PLAIN | NASTY


def make(name: str, folder: Path) -> Path:
    """Give the clip of that name in `folder`, made if it is not there yet."""
    path = folder / name
    if not path.exists():
        recipe = RECIPES[name]
        if callable(recipe):
            recipe(path, lambda other: make(other, folder))
        else:
            command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", *recipe, str(path)]
            subprocess.run(command, check=True, timeout=120)
    return path
