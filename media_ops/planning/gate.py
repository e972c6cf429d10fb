"""Whether slicing pays, and into how many segments."""

from __future__ import annotations

from dataclasses import dataclass

# A child's start costs 0.25 CPU-s and a joint's check about as much: 10 CPU-s a segment keep both near 2 %.
LEAST_CPU_SECONDS = 10.0
# Cuts away from key frames cost nothing measurable from 30 s on, 1 to 4 % of the bits at 10 s.
_WANTED_SECONDS = 30.0
_LEAST_SECONDS = 10.0
# Airflow maps over at most 1024 indices.
MOST_SEGMENTS = 1000
# Share of frames that may be decoded more than once; decoding is about 7 % of encoding.
MOST_EXTRA_DECODING = 0.5


@dataclass(frozen=True)
class Work:
    """What is known of a job before it runs: frames, seconds shown, predicted CPU seconds, workers.

    `least` is how many CPU seconds a segment should carry.
    """

    frames: int
    seconds: float
    cpu_seconds: float
    workers: int
    least: float = LEAST_CPU_SECONDS


def automatic_segments(work: Work) -> tuple[int, str | None]:
    """Give the number of segments, with the reason where it is 1."""
    most = min(
        work.frames,
        MOST_SEGMENTS,
        int(work.seconds / _LEAST_SECONDS),
        int(work.cpu_seconds / work.least),
    )
    if work.workers < 2:
        return 1, "there is one worker"
    if most < 2:
        return 1, (
            f"too little work: {work.seconds:.1f} s of video, about {work.cpu_seconds:.1f} CPU-s, and a segment "
            f"should carry {_LEAST_SECONDS:.0f} s and {work.least:.0f} CPU-s"
        )
    wanted = max(round(work.seconds / _WANTED_SECONDS), 2 * work.workers)
    wanted = -(-wanted // work.workers) * work.workers  # no worker idles in the last round
    return max(2, min(wanted, most)), None


def segments_of_length(work: Work, seconds: float) -> int:
    """Give the number of segments nearest to the wanted length."""
    return max(1, min(work.frames, MOST_SEGMENTS, round(work.seconds / seconds)))
