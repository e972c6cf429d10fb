"""What was started already: a small object of the job store for each rule."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Mapping
from typing import Any

from media_ops.storage import Store

log = logging.getLogger(__name__)

Seen = Mapping[str, str]


def read_seen(store: Store, rule: str) -> Seen | None:
    """Give the versions of the objects that were started, by their keys; None before the first time.

    What cannot be read is taken for nothing: runs that are there already are not started twice.
    """
    key = _key(rule)
    if store.stat(key) is None:
        return None
    with store.open(key) as file:
        data = file.read()
    try:
        content: Any = json.loads(gzip.decompress(data))
        return {str(key): str(version) for key, version in content["seen"].items()}
    except (OSError, EOFError, ValueError, LookupError, AttributeError, TypeError):
        log.warning("what rule %r started cannot be read; it is asked of Airflow again", rule)
        return {}


def write_seen(store: Store, rule: str, seen: Seen) -> None:
    """Replace it."""
    store.put(_key(rule), gzip.compress(json.dumps({"seen": dict(seen)}).encode(), mtime=0))


def _key(rule: str) -> str:
    return f"incoming/{rule}.json.gz"
