"""Tags of objects: S3's limits hold in every store."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MOST = 10
_TEXT = re.compile(r"[\w +\-=.:/@]*")


def check(tags: Mapping[str, str]) -> dict[str, str]:
    """Give the tags back, or raise `ValueError` naming what is wrong with them."""
    if len(tags) > _MOST:
        raise ValueError(f"{len(tags)} tags are more than the {_MOST} that an object may have")
    for name, value in tags.items():
        if not 1 <= len(name) <= 128 or not _TEXT.fullmatch(name) or name.startswith("aws:"):
            raise ValueError(f"tag {name[:40]!r}: its name must be 1 to 128 letters, digits, spaces or +-=._:/@")
        if len(value) > 256 or not _TEXT.fullmatch(value):
            raise ValueError(f"tag {name!r}: its value must be at most 256 letters, digits, spaces or +-=._:/@")
    return dict(tags)
