"""A run of the kit as a Markdown page."""

from __future__ import annotations

import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from media_ops import __version__
from media_ops.conform.row import OUTCOMES, Finding, count
from media_ops.conform.wish import Wish
from media_ops.rules import table

_TRIED = ("sliced", "truncated", "whole", "wrong")
_MEANING = {
    "sliced": "processed in segments; frames, times, tags and sound are those of a whole decode",
    "truncated": "the same, of the first 600 frames of a file above 2,000 megapixel-frames",
    "whole": "exact, in one piece, for the reason given",
    "refused": "nothing sensible can be made of it, or a rule refuses it",
    "skipped": "a still picture, sound only, no media",
    "wrong": "anything else; a time-out and a crash included",
}


def page(findings: Sequence[Finding], wish: Wish) -> str:
    """Tell what was run where, what came out, and why whatever was not sliced was not."""
    counts = count(finding.row for finding in findings)
    parts = [
        "# Conformance",
        "Made by `media conform`, which processes every file below a folder in segments and compares each with a "
        "plain decode of the whole file: the digests, order and times of the frames that were worked on, and the "
        "result's frame count, times, colour tags, side data and sound.",
        _facts(wish),
        "## Outcomes",
        _lines(("outcome", "files", "meaning"), ((o, counts[o], _MEANING[o]) for o in OUTCOMES)),
        _share(findings),
        "## By container and codec",
        _by_format(findings),
        "## What was not sliced, and why",
        _others(findings),
        "## Rules",
        "What is processed whole although slicing was asked for, and what is refused.",
        table(),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(wish: Wish) -> str:
    given = ", ".join(f"{name}={value}" for name, value in wish.params.items())
    rows = [
        ("algorithm", wish.algorithm + (f" ({given})" if given else "")),
        ("segments", f"{wish.segments}, forced"),
        ("media-ops", __version__),
        ("PyAV", f"{version('av')}, with {_libavcodec()}"),
        ("Python", platform.python_version()),
        ("machine", f"{_processor()}, {len(os.sched_getaffinity(0))} cores used"),
        ("time limit", f"{wish.timeout:g} s a file, more in proportion above 2,000 megapixel-frames"),
    ]
    return _lines(("what", "which"), rows)


def _share(findings: Iterable[Finding]) -> str:
    tried = [finding.row.outcome for finding in findings if finding.row.outcome in _TRIED]
    if not tried:
        return "No film was processed."
    sliced = sum(outcome in ("sliced", "truncated") for outcome in tried)
    return f"Of {len(tried)} films processed, {sliced} ({sliced / len(tried):.1%}) were cut into segments."


def _by_format(findings: Iterable[Finding]) -> str:
    table: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for finding in findings:
        if finding.row.outcome != "skipped":
            container = finding.container.partition(",")[0] or "not opened"
            table[container, finding.codec or "-"][finding.row.outcome] += 1
    shown = [outcome for outcome in OUTCOMES if outcome != "skipped"]
    rows = ((*place, *(counts[outcome] or "" for outcome in shown)) for place, counts in sorted(table.items()))
    return _lines(("container", "codec", *shown), rows)


def _others(findings: Iterable[Finding]) -> str:
    rows = [
        (finding.row.outcome, finding.row.path, finding.row.reason or "")
        for finding in findings
        if finding.row.outcome not in ("sliced", "skipped")
    ]
    return _lines(("outcome", "file", "why"), sorted(rows)) if rows else "Everything was sliced."


def _lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    text = str(value).encode("utf-8", "replace").decode()
    return " ".join(text.split()).replace("|", "\\|")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _libavcodec() -> str:
    """Name the library's version without loading it into this process."""
    import subprocess
    import sys

    code = "import av; print('libavcodec', '.'.join(map(str, av.library_versions['libavcodec'])))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "an unknown libavcodec"
