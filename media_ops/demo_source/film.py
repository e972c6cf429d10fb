"""Write the film: H.264 with B-frames and key frames at odd distances, AAC, chapters, in MP4."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.demo_source.picture import pictures
from media_ops.demo_source.sound import SAMPLE_RATE, scene_sound
from media_ops.demo_source.timeline import Scene, plan_scenes

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import Chapter, OutputContainer
    from av.video.stream import VideoStream

Progress = Callable[[int, int], None]
_AAC_FRAME = 1024


def make_demo_source(
    path: str | Path,
    *,
    seconds: float = 180,
    size: tuple[int, int] = (1280, 720),
    rate: int = 30,
    seed: int = 20,
    on_progress: Progress | None = None,
) -> None:
    """Write the film to `path`, replacing what is there at once and only when it is whole.

    `size` is width and height, even numbers. The same arguments give the same bytes. `on_progress` gets the
    frames done and the frames in all, once for each second of film and at its end. Raises ValueError for sizes
    that 4:2:0 cannot hold.
    """
    if any(side % 2 or side < 16 for side in size):
        raise ValueError(f"The demo film's width and height must be even and 16 or more, not {size[0]}x{size[1]}.")
    frames = max(1, round(seconds * rate))
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _one_thread():
            _write(unfinished, plan_scenes(frames, rate, seed), size, rate, on_progress)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(path: Path, scenes: list[Scene], size: tuple[int, int], rate: int, on_progress: Progress | None) -> None:
    import av
    from av.video.frame import PictureType

    frames = scenes[-1].start + scenes[-1].length
    keys = {key for scene in scenes for key in scene.keys}
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as film:
        video, audio = _video_stream(film, size, rate), _audio_stream(film)
        film.metadata["title"] = "media-ops demo film"
        film.set_chapters(_chapters(scenes, rate))
        heard, sounds = 0, _audio_frames(scenes, rate)
        for number, canvas in enumerate(pictures(scenes, *size, rate)):
            frame = av.VideoFrame.from_ndarray(canvas.buffer.reshape(-1, size[0]), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            frame.pict_type = PictureType.I if number in keys else PictureType.NONE
            film.mux(video.encode(frame))
            while heard * rate <= number * SAMPLE_RATE and (sound := next(sounds, None)) is not None:
                heard += sound.samples
                film.mux(audio.encode(sound))
            if on_progress and ((number + 1) % rate == 0 or number + 1 == frames):
                on_progress(number + 1, frames)
        for sound in sounds:
            film.mux(audio.encode(sound))
        film.mux(video.encode(None))
        film.mux(audio.encode(None))


def _video_stream(film: OutputContainer, size: tuple[int, int], rate: int) -> VideoStream:
    # forced-idr: libx264 makes a forced key frame one that nothing reaches across.
    options = {
        "preset": "ultrafast",
        "crf": "22",
        "bf": "2",
        "forced-idr": "1",
        "x264-params": "deblock=1,0,0",
    }
    stream = film.add_stream("libx264", rate=rate, options=options)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.gop_size, context.thread_count = 10 * rate, 2
    context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
    context.color_range = 1  # limited
    return stream


def _audio_stream(film: OutputContainer) -> AudioStream:
    stream = film.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", options={"aac_coder": "fast"})
    stream.bit_rate = 160_000
    stream.metadata["language"] = "eng"
    return stream


def _chapters(scenes: list[Scene], rate: int) -> list[Chapter]:
    return [
        {
            "id": number,
            "start": scene.start,
            "end": scene.start + scene.length,
            "time_base": Fraction(1, rate),
            "metadata": {"title": scene.location},
        }
        for number, scene in enumerate(scenes)
    ]


def _audio_frames(scenes: list[Scene], rate: int) -> Iterator[AudioFrame]:
    """Yield the whole sound in the encoder's pieces; it ends with the last picture, to the sample."""
    import av
    import numpy as np

    pts, rest = 0, np.zeros((2, 0), np.float32)
    for scene in scenes:
        first, last = (at * SAMPLE_RATE // rate for at in (scene.start, scene.start + scene.length))
        rest = np.concatenate([rest, scene_sound(scene, last - first)], axis=1)
        whole = 0 if scene is scenes[-1] else rest.shape[1] % _AAC_FRAME
        for start in range(0, rest.shape[1] - whole, _AAC_FRAME):
            piece = np.ascontiguousarray(rest[:, start : min(start + _AAC_FRAME, rest.shape[1])])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, pts, Fraction(1, SAMPLE_RATE)
            pts += piece.shape[1]
            yield frame
        rest = rest[:, rest.shape[1] - whole :]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Keep cv2 to one thread: the encoder has the others, and small pictures gain nothing."""
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
