"""Walking a folder store in the order of its keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from media_ops.storage.keys import CONTINUED, FOLDER, from_name


def walk(root: Path, prefix: str, after: str | None) -> Iterator[tuple[str, os.stat_result]]:
    """Give key and status of each object that starts with `prefix` and is greater than `after`, by key."""
    yield from _folder([str(root)], "", prefix, after or "")


def _folder(places: list[str], base: str, prefix: str, after: str) -> Iterator[tuple[str, os.stat_result]]:
    for key, entries in sorted(_children(places, base).items()):
        common = min(len(key), len(prefix))
        if key[:common] != prefix[:common]:
            continue
        if key.endswith("/"):
            if key >= after[: len(key)]:
                yield from _folder(entries, key, prefix, after)
        elif key > after and len(key) >= len(prefix):
            status = _status(entries[0])
            if status is not None:
                yield key, status


def _children(places: list[str], base: str) -> dict[str, list[str]]:
    """Give the places of each key below `base`; a folder's key ends in `/`, so that sorting is the order of keys."""
    children: dict[str, list[str]] = {}
    for place in places:
        for name, path, is_folder in _segments(place, ""):
            try:
                key = base + from_name(name) + ("/" if is_folder else "")
            except ValueError:
                continue  # not made by this store
            children.setdefault(key, []).append(path)
    return children


def _segments(place: str, begun: str) -> Iterator[tuple[str, str, bool]]:
    try:
        entries = list(os.scandir(place))
    except (FileNotFoundError, NotADirectoryError):
        return  # deleted meanwhile
    for entry in entries:
        name = entry.name
        if name.startswith("."):
            continue
        if entry.is_file(follow_symlinks=False):
            if not name.endswith((FOLDER, CONTINUED)):
                yield begun + name, entry.path, False
        elif entry.is_dir(follow_symlinks=False):
            if name.endswith(CONTINUED):
                yield from _segments(entry.path, begun + name[: -len(CONTINUED)])
            elif name.endswith(FOLDER):
                yield begun + name[: -len(FOLDER)], entry.path, True


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
