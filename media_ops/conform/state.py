"""What an interrupted run has found already."""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path

import media_ops
from media_ops.conform.row import Finding
from media_ops.conform.wish import Wish
from media_ops.errors import StoreUnavailable


class State:
    """A file of JSON lines, each a finding with the key of what it was found for; the last line of a key counts.

    A finding is taken up again while file, wish, our own code and PyAV are what they were.
    """

    def __init__(self, path: Path, wish: Wish, *, fresh: bool) -> None:
        self.path = path
        self._about = f"{wish.model_dump_json()} {_engine()}"
        self._known = {} if fresh else _read(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w" if fresh else "a")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreUnavailable(
                f"{str(path)!r} cannot be written: {reason}; --state names another file"
            ) from error

    def __enter__(self) -> State:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def recall(self, folder: Path, path: Path) -> Finding | None:
        """Give what was found for a file that has not changed since; not where its output is gone."""
        finding = self._known.get(self._key(folder, path))
        output = finding.row.output if finding else None
        return finding if output is None or os.path.exists(output) else None

    def remember(self, folder: Path, path: Path, finding: Finding) -> None:
        """Note what was found; it is on disk when this returns."""
        line = {"key": self._key(folder, path), "finding": finding.model_dump()}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def forget(self) -> None:
        """Remove the file: the run has come to its end."""
        self.path.unlink(missing_ok=True)

    def _key(self, folder: Path, path: Path) -> str:
        try:
            status = path.stat()
        except OSError:
            return ""
        parts = [str(path.relative_to(folder)), str(status.st_size), str(status.st_mtime_ns), self._about]
        return hashlib.sha256(repr(parts).encode(errors="surrogateescape")).hexdigest()


def default_place(folder: Path, keep: Path | None) -> Path:
    """Give the state's place: beside the outputs that are kept, else in the user's cache, a file for each folder."""
    if keep:
        return keep / ".media-ops-conform.jsonl"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(os.path.realpath(folder).encode(errors="surrogateescape")).hexdigest()[:16]
    return cache / "media-ops" / f"conform-{name}.jsonl"


def _read(path: Path) -> dict[str, Finding]:
    known: dict[str, Finding] = {}
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return known
    for line in lines:
        try:
            entry = json.loads(line)
            known[entry["key"]] = Finding.model_validate(entry["finding"])
        except (ValueError, KeyError, TypeError):  # cut short when the machine went down
            continue
    return known


def _engine() -> str:
    """Digest of our own code: a changed engine finds everything anew."""
    digest = hashlib.sha256(version("av").encode())
    root = Path(media_ops.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
