"""Content keys: what was made of the same things in the same way has the same name, wherever it was made."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from media_ops import __version__
from media_ops.algorithm import Algorithm, FrameAlgorithm, MeasureAlgorithm
from media_ops.encoders.builds import array_versions, builds
from media_ops.encoders.chosen import settings_of
from media_ops.model import JobOptions, Segment

# Neither where a segment is in its job nor what it is read from changes what is made.
_PLACE = {"order", "label", "rows", "slice"}


def result_key(
    algorithm: Algorithm, source: str, files: Mapping[str, str], options: JobOptions, container: str
) -> str | None:
    """Give the key of a job's result; None where the libraries that would make it cannot be told.

    `source` and `files` are sha256 digests, those of the files by parameter; `container` is an extension. A ladder's
    has none: it is more than one file.
    """
    made_by = None if algorithm.several else _maker(algorithm, files)
    if made_by is None:
        return None
    wishes = options.model_dump(exclude={"slices"})
    return _digest({**made_by, "source": source, "options": wishes, "container": container.lower()})


def segment_key(
    algorithm: Algorithm,
    source: str,
    files: Mapping[str, str],
    segment: Segment,
    rows: bytes,
    artefact: str | None,
    how: Mapping[str, Any],
) -> str | None:
    """Give the key of one segment, the same in every job that cuts here; None as for `result_key`.

    `rows` is its part of the index, `artefact` the digest of what the analysis found, `how` what else counts.
    """
    made_by = _maker(algorithm, files)
    if made_by is None:
        return None
    own = {
        "source": source,
        "segment": segment.model_dump(exclude=_PLACE),
        "rows": hashlib.sha256(rows).hexdigest(),
        "artefact": artefact,
        "how": dict(how),
    }
    return _digest({**made_by, **own})


def together(keys: Sequence[str | None]) -> str | None:
    """Give the key of several results that are made at once; of one alone, its own. None where one has none."""
    known = [key for key in keys if key]
    if len(known) < len(keys):
        return None
    return known[0] if len(known) == 1 else _digest({"renditions": known})


def _maker(algorithm: Algorithm, files: Mapping[str, str]) -> dict[str, Any] | None:
    if isinstance(algorithm, MeasureAlgorithm):  # cheap beside the film that it measures: not kept
        return None
    libraries = builds(settings_of(algorithm).codec)
    if libraries is None:
        return None
    named = set(algorithm.file_params())
    return {
        "software": [__version__, _software()],
        "algorithm": [algorithm.name(), algorithm.version, _code(type(algorithm))],
        "device": algorithm.device,
        "params": algorithm.params.model_dump(mode="json", exclude=named),
        "files": dict(files),
        "libraries": libraries,
        "arrays": array_versions() if isinstance(algorithm, FrameAlgorithm) else {},
    }


def _code(kind: type[Algorithm]) -> str:
    """Digest the file that an algorithm is: whoever works on one forgets its version."""
    return hashlib.sha256(Path(inspect.getfile(kind)).read_bytes()).hexdigest()


@cache
def _software() -> str:
    """Digest this package: what it makes may change with any line of it, and a version only with a release."""
    folder, digest = Path(__file__).parent, hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _digest(made_of: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
