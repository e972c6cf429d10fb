"""What a job cost, summed from what its attempts say."""

from __future__ import annotations

from collections.abc import Sequence

from media_ops.model import Metrics, Proof, SegmentResult


def figures(
    proof: Proof, results: Sequence[SegmentResult], costs: Sequence[Metrics], written: int
) -> dict[str, float]:
    """Give sizes and frames, what was fetched from afar, and what a frame algorithm's work came to.

    `costs` are those of all attempts that gave a result, the segments' among them; `written` bytes were published.
    """
    told = {
        "frames": proof.frames_out,
        "bytes_in": proof.source_size,
        "bytes_out": written,
        "compression_ratio": round(written / proof.source_size, 4),
        "bytes_read": sum(cost.bytes_read for cost in costs),
        "cpu_seconds": round(sum(cost.cpu_seconds for cost in costs), 2),
        "watching_cpu_seconds": round(sum(cost.watching_cpu_seconds for cost in costs), 3),
        "segments_reused": sum(result.reused for result in results),
    }
    return told | _work(results)


def _work(results: Sequence[SegmentResult]) -> dict[str, float]:
    """What a frame algorithm cost, and what bringing its pictures into arrays and back did; nothing for others."""
    megapixels = sum(result.metrics.megapixel_frames for result in results)
    if not megapixels:
        return {}
    inside = sum(result.metrics.algorithm_cpu_seconds for result in results)
    moving = sum(result.metrics.moving_cpu_seconds for result in results)
    return {
        "algorithm_cpu_seconds_per_megapixel_frame": round(inside / megapixels, 6),
        "moving_cpu_seconds_per_megapixel_frame": round(moving / megapixels, 6),
    }
