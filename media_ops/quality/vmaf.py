"""VMAF of pairs of frames, computed by FFmpeg's libvmaf in a process beside us."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from types import TracebackType
from typing import Any, Self

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media_ops.errors import ChildDied, NotComparable, OurError
from media_ops.frames.likeness import picture
from media_ops.pulse import beat, quiet
from media_ops.quality.installed import require_vmaf

MODEL = "vmaf_v0.6.1"
LEAST = 17  # lines and columns; the library crashes on less
DEPTHS = (8, 10, 12, 16)
# What is still on its way through the program when the last frame is handed in: some 20 frames, 1 s each at most.
_LAST_SECONDS = 60.0


class Vmaf:
    """Takes pairs of frames of one size and depth out of memory, in order; gives a score for each at the end.

    Both pictures of a pair go into one pipe, one above the other, as one picture that the program cuts in two: so
    none can be paired with another one's neighbour. The models that libvmaf brings look at luma only, and nothing
    else is handed over. A frame's score depends on the reference's frames right before and behind it (motion).
    """

    def __init__(self, width: int, height: int, depth: int = 8, *, threads: int = 1, model: str = MODEL) -> None:
        if depth not in DEPTHS:
            raise OurError(f"VMAF takes pictures of {', '.join(map(str, DEPTHS))} bit, not of {depth}")
        if min(width, height) < LEAST:
            raise NotComparable(
                f"VMAF needs pictures of at least {LEAST} by {LEAST}, not {width}x{height}: measure without it"
            )
        self.model = model
        self.library = ""
        self._size = height, width
        self._kind = "u1" if depth == 8 else "<u2"
        self._count = 0
        # Chroma halves luma's lines: the lower picture begins at an even one.
        self._lines = height + height % 2
        chroma = 2 * ((width + 1) // 2) * self._lines
        self._flat = np.full(chroma, 1 << (depth - 1), self._kind).tobytes()
        self._log, self._said = os.memfd_create("vmaf-log"), os.memfd_create("vmaf-errors")
        self._program: subprocess.Popen[bytes] | None = None
        try:
            self._program = self._start(width, height, depth, threads)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, reference: VideoFrame, distorted: VideoFrame) -> None:
        """Hand over the next pair."""
        self.add_luma(picture(reference).planes[0], picture(distorted).planes[0])

    def add_luma(self, reference: NDArray[Any], distorted: NDArray[Any]) -> None:
        """Hand over the next pair, as planes of luma."""
        assert self._program is not None
        assert self._program.stdin is not None
        if reference.shape != self._size or distorted.shape != self._size:
            raise OurError(f"VMAF was to get pictures of {self._size}, not {reference.shape} and {distorted.shape}")
        try:
            for plane in (reference, distorted):
                self._program.stdin.write(np.ascontiguousarray(plane, self._kind).data)
                if self._lines > self._size[0]:
                    self._program.stdin.write(np.ascontiguousarray(plane[-1:], self._kind).data)
            self._program.stdin.write(self._flat)
        except BrokenPipeError:
            raise self._died() from None
        self._count += 1
        beat()

    def scores(self) -> NDArray[np.float64]:
        """End the input; give the score of each pair. Raises `ChildDied` when the program gave none."""
        assert self._program is not None
        if not self._count:
            return np.empty(0)
        with quiet(_LAST_SECONDS):
            try:
                if self._program.stdin:
                    self._program.stdin.close()
            except BrokenPipeError:
                raise self._died() from None
            if self._program.wait() != 0:
                raise self._died()
        found = json.loads(_content(self._log))
        numbers = [frame["frameNum"] for frame in found["frames"]]
        if numbers != list(range(self._count)):
            raise OurError(f"VMAF's program gave {len(numbers)} scores for {self._count} frames")
        self.library = f"libvmaf {found['version']}"
        return np.array([frame["metrics"]["vmaf"] for frame in found["frames"]], np.float64)

    def close(self) -> None:
        """End the program, whatever it does; safe to call again."""
        if self._program is not None:
            self._program.kill()
            with contextlib.suppress(OSError):  # what was not written yet
                if self._program.stdin:
                    self._program.stdin.close()
            self._program.wait()
        for file in (self._log, self._said):
            with contextlib.suppress(OSError):
                os.close(file)
        self._log = self._said = -1

    def _start(self, width: int, height: int, depth: int, threads: int) -> subprocess.Popen[bytes]:
        pixels = "yuv420p" if depth == 8 else f"yuv420p{depth}le"
        upper, lower = (f"crop={width}:{height}:0:{top}:exact=1" for top in (0, self._lines))
        log = f"log_fmt=json:log_path=/proc/self/fd/{self._log}"
        graph = (
            f"split[a][b];[a]{upper}[reference];[b]{lower}[distorted];"
            f"[distorted][reference]libvmaf=model=version={self.model}:n_threads={threads}:{log}"
        )
        source = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{2 * self._lines}", "-i", "pipe:0"]
        return subprocess.Popen(
            [require_vmaf(), "-v", "error", "-nostdin", *source, "-lavfi", graph, "-f", "null", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            pass_fds=[self._log],
        )

    def _died(self) -> ChildDied:
        assert self._program is not None
        status = self._program.wait()
        said = _content(self._said).decode(errors="replace").strip().splitlines()
        reason = f": {said[-1]}" if said else ""
        return ChildDied(f"VMAF's program ended with status {status} after {self._count} frames{reason}")


def _content(file: int) -> bytes:
    with os.fdopen(os.dup(file), "rb") as whole:
        whole.seek(0)
        return whole.read()
