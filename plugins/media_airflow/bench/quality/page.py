"""The section of `docs/performance.md` that tells what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from media_airflow.bench.quality.measuring import COLUMNS, PRESETS, broken, cells

_BEGIN, _END = "<!-- quality: made by make bench-quality -->", "<!-- end of quality -->"
_HEAD = "# Performance\n\nFigures of one machine each, which its table names: ratios tell more than times.\n\n"
_WHAT = """## Encoding in segments

Clips of {seconds:g} s segments beside one run over the whole file, all by the same encoder on one thread. *Whole
file* is two-pass at the target (one-pass VBR for AV1), *ours* is a job with `bitrate`, *plain segments* is what
chunking encoders do: each segment two-pass at the target by itself. BD-rate is how many more bits constant quality
takes in segments for the same VMAF (Bjontegaard, four qualities): *chosen* is cut where the planner cuts,
*anywhere* 41 frames behind even splits. *Buffer* simulates the joined stream of a job with `maxrate` at 1.25 times
the target and a buffer of one second. *Joints*: how much further than in the whole-file run the worst frame within
3 of a joint lies under its neighbours, at constant quality in six segments, the greatest of the five joints.
"""


def write(found: Mapping[str, Any], page: Path) -> None:
    """Put the figures into the page, in place of those that are there."""
    text = page.read_text() if page.exists() else _HEAD
    section = f"{_BEGIN}\n{_section(found)}{_END}\n"
    if _BEGIN in text:
        before, _, rest = text.partition(_BEGIN)
        text = before + section + rest.partition(_END)[2].removeprefix("\n")
    else:
        text = text.rstrip("\n") + "\n\n" + section
    page.write_text(text)


def _section(found: Mapping[str, Any]) -> str:
    lines = [_WHAT.format(seconds=found["segment_seconds"]), f"Measured on: {found['machine']}.\n"]
    for algorithm, by_clip in found["encoders"].items():
        lines += [f"### {algorithm}, preset {PRESETS[algorithm]}\n", *_table(by_clip), ""]
        if bds := [one["bd"] for one in by_clip.values() if one["bd"]]:
            medians = {name: statistics.median(bd[name] for bd in bds) for name in ("chosen", "anywhere")}
            lines.append(
                f"BD-rate in the median: {medians['chosen']:+.2f} % at chosen cuts, {medians['anywhere']:+.2f} % "
                "anywhere.\n"
            )
    lines += ["Beyond the limits that this project sets itself:\n"] if (said := broken(found)) else []
    return "\n".join([*lines, *(f"- {sentence}" for sentence in said), ""] if said else lines) + "\n"


def _table(by_clip: Mapping[str, Any]) -> list[str]:
    names = ["clip", *COLUMNS]
    rows = [names, ["---", *["---:"] * (len(names) - 1)]]
    rows += [[name, *(cell or "-" for cell in cells(one))] for name, one in sorted(by_clip.items())]
    return [f"| {' | '.join(row)} |" for row in rows]
