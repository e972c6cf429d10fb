"""The rules of a folder store: written into it, under a name that no key gets, for the janitor to apply."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from media_ops.errors import StoreUnavailable
from media_ops.storage.applied import NEXT, Applied, StoreStatus, Tally, sentences
from media_ops.storage.durable import sync
from media_ops.storage.roles import Role
from media_ops.storage.rules import Rules
from media_ops.storage.temporary import FOLDER, temporary_in
from media_ops.storage.walk import walk

_FILE = ".rules.json"


def apply_to_folder(role: str, wanted: Role) -> Applied:
    """Make the folder if it is missing, write the rules, read them back."""
    root = Path(os.path.realpath(wanted.store))
    try:
        created = not root.is_dir()
        before = None if created else _read(root)
        if before != wanted.rules:
            text = json.dumps(wanted.rules.model_dump(), indent=1) + "\n"
            with temporary_in(root) as (path, file):
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
                os.replace(path, root / _FILE)
            sync(root)
    except OSError as error:
        raise _failed(root, error) from error
    if read_rules(root) != wanted.rules:
        raise StoreUnavailable(f"store {root}: other rules were read back than were written")
    return Applied(
        role=role,
        address=str(root),
        created=created,
        changed=before != wanted.rules,
        rules=sentences(wanted.rules),
    )


def read_rules(root: Path) -> Rules | None:
    """Give the rules that were written into a folder store; None if none were."""
    try:
        return _read(root)
    except OSError as error:
        raise _failed(root, error) from error


def status_of_folder(role: str, wanted: Role) -> StoreStatus:
    """Look at everything that lies in a folder store."""
    root = Path(os.path.realpath(wanted.store))
    if not root.is_dir():
        return StoreStatus(role=role, address=str(root), exists=False, differences=["the folder is missing"])
    rules = read_rules(root)
    applied = rules or Rules()
    here, cold = Tally(), Tally()
    for tally, place in ((here, root), (cold, Path(os.path.realpath(applied.cold)) if applied.cold else None)):
        for key, status in walk(place, "", None) if place else ():
            stored = datetime.fromtimestamp(status.st_mtime, UTC)
            tally.add(key, status.st_size, stored + applied.delete_after if applied.delete_after else None)
    unfinished = [status for _, status in leftovers(root)]
    return StoreStatus(
        role=role,
        address=str(root),
        objects=here.objects,
        bytes=here.bytes,
        cold_objects=cold.objects,
        cold_bytes=cold.bytes,
        rules=sentences(applied),
        differences=_differences(rules, wanted.rules),
        next=sorted([*here.next(), *cold.next()], key=lambda due: (due.at, due.key))[:NEXT],
        incomplete=len(unfinished),
        incomplete_bytes=sum(status.st_size for status in unfinished),
        incomplete_since=min((datetime.fromtimestamp(status.st_mtime, UTC) for status in unfinished), default=None),
    )


def leftovers(root: Path) -> list[tuple[str, os.stat_result]]:
    """Name the temporary files of a store, those of writers at work too; nothing through links."""
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for entry in [] if (root / FOLDER).is_symlink() else os.scandir(root / FOLDER):
            with contextlib.suppress(FileNotFoundError):  # its writer ended
                if entry.is_file(follow_symlinks=False):
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
    return found


def _read(root: Path) -> Rules | None:
    try:
        descriptor = os.open(root / _FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb") as file:
        try:
            return Rules.model_validate_json(file.read(1 << 20))
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"]
            way_out = f"remove {_FILE} there, then `media storage init`"
            raise StoreUnavailable(f"store {root}: its rules are not understood ({reason}): {way_out}") from None


def _differences(found: Rules | None, wanted: Rules) -> list[str]:
    if found is None:
        return ["no rules were applied yet: `media storage init`"]
    return [
        f"{name} is {was!r}, and {to_be!r} is wanted: `media storage init`"
        for (name, was), (_, to_be) in zip(found, wanted, strict=True)
        if was != to_be
    ]


def _failed(root: Path, error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"store {root}: {(error.strerror or str(error)).lower()}")
