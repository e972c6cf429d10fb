"""The proof as a document: JSON with a seal, so that a change by hand is seen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from media_ops.errors import ProofNotFound
from media_ops.model import Proof

SCHEMA_VERSION = 1
_LARGEST = 64 * 2**20  # bytes; 1000 joints take 0.3 MB


@dataclass(frozen=True)
class Document:
    """A proof as it was read; `sealed` says that its content fits its seal."""

    path: Path
    proof: Proof
    sealed: bool


def sealed(proof: Proof) -> Proof:
    """Give the proof with its seal."""
    return proof.model_copy(update={"seal": _seal(proof.model_dump(mode="json"))})


def to_bytes(proof: Proof) -> bytes:
    """Write a sealed proof as text."""
    return (json.dumps(proof.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n").encode()


def read_document(path: Path) -> Document:
    """Read a proof; raise `ProofNotFound` with the reason when there is none that this version understands."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ProofNotFound(f"{str(path)!r} is no proof: it is larger than any")
        found = json.loads(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ProofNotFound(f"the proof {str(path)!r} cannot be read: {reason}") from error
    except (ValueError, RecursionError) as error:
        raise ProofNotFound(f"{str(path)!r} is no proof: it is not JSON") from error
    version = found.get("schema_version") if isinstance(found, dict) else None
    if version != SCHEMA_VERSION:
        raise ProofNotFound(
            f"{str(path)!r} is no proof that can be read here: its schema is {version!r}, not {SCHEMA_VERSION}"
        )
    try:
        return Document(path, Proof.model_validate(found), _seal(found) == found.get("seal"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProofNotFound(f"{str(path)!r} is no proof that can be read: {place}: {first['msg']}") from error


def _seal(document: dict[str, Any]) -> str:
    """Digest what was written, not what this version makes of it: fields may be added later."""
    content = {name: value for name, value in document.items() if name != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
