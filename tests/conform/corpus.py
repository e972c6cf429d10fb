"""`make conform`: the kit over a corpus whose MANIFEST.tsv says what is in each file.

The kit itself knows no manifest. Where there is one, its outcomes must agree with it, and enough must be sliced.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from media_ops.rules import RULES

REPOSITORY = Path(__file__).parents[2]
LEAST_SHARE = 0.9
LEAST_FRAMES = 48
CLASSES = {"real", "edge"}
SLICED = {"sliced", "truncated"}

Record = Mapping[str, Any]


def shortcomings(rows: Iterable[Record], manifest: Iterable[Record]) -> list[str]:
    """Name what disagrees with the manifest; empty when the goal is reached."""
    outcomes = {row["path"]: row for row in rows}
    found = [f"wrong: {row['path']}: {row['reason']}" for row in outcomes.values() if row["outcome"] == "wrong"]
    long, sliced = 0, 0
    for entry in manifest:
        row, frames = outcomes.get(entry["path"]), int(entry["frames_decoded"] or 0)
        if row is None:
            found.append(f"not tried: {entry['path']}")
            continue
        if frames and row["outcome"] == "refused" and _rule(row["reason"]) not in RULES:
            found.append(f"refused by no rule, though it has {frames} frames: {entry['path']}: {row['reason']}")
        if frames > 1 and row["outcome"] == "skipped":
            found.append(f"skipped, though it has {frames} frames: {entry['path']}: {row['reason']}")
        if entry["class"] in CLASSES and frames >= LEAST_FRAMES:
            long += 1
            sliced += row["outcome"] in SLICED
    if long and sliced < LEAST_SHARE * long:
        found.append(f"only {sliced} of {long} real and edge videos of {LEAST_FRAMES} frames or more were sliced")
    return found


def _rule(reason: str | None) -> str | None:
    named = re.search(r"\(rule ([\w-]+)\)$", reason or "")
    return named[1] if named else None


def main(corpus: Path) -> int:
    """Run it; the page goes to docs/conformance.md."""
    if not corpus.is_dir():
        print(f"There is no corpus at {corpus}: CORPUS=/path names another one.")
        return 0
    page = REPOSITORY / "docs" / "conformance.md"
    command = [sys.executable, "-m", "media_ops.cli", "conform", str(corpus), "--json", "--report", str(page)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 4):
        return done.returncode
    document = json.loads(done.stdout)
    print(", ".join(f"{number} {outcome}" for outcome, number in document["counts"].items()))
    manifest = corpus / "MANIFEST.tsv"
    entries: list[dict[str, Any]] = []
    if manifest.is_file():
        with manifest.open(newline="") as file:
            entries = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = shortcomings(document["rows"], entries)
    print("\n".join(found) or f"All agrees with {manifest}." if entries else "There is no manifest to agree with.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
