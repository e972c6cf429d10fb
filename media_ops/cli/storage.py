"""`media storage`: the three stores of `config/storage.yaml`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from media_ops.model import Noun
    from media_ops.storage.applied import StoreStatus

app = typer.Typer(no_args_is_help=True, help="The stores of sources, results and segments, and how long they keep.")

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings; MEDIA_OPS_STORAGE_CONFIG or config/storage.yaml by default."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command("init")
def init(config: Config = None, as_json: Json = False) -> None:
    """Make the buckets or folders that are missing, and apply the rules; once more changes nothing."""
    from media_ops.storage.lifecycle import initialise
    from media_ops.storage.roles import read_stores

    done = initialise(read_stores(config))
    if as_json:
        _print(done)
        return
    for one in done:
        did = "made" if one.created else "rules changed" if one.changed else "as it was"
        others = f"; rules of others kept: {', '.join(one.kept)}" if one.kept else ""
        print(f"{one.role}  {one.address}  {did}{others}")
        for rule in one.rules:
            print(f"    {rule}")


@app.command("status")
def status(config: Config = None, as_json: Json = False) -> None:
    """Show what the stores hold, which rules apply, and what is deleted next."""
    from media_ops.storage import lifecycle
    from media_ops.storage.roles import read_stores

    found = lifecycle.status(read_stores(config))
    if as_json:
        _print(found)
        return
    for one in found:
        _show(one)


@app.command("tidy")
def tidy(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: Json = False,
) -> int:
    """Apply the rules of folder stores once, as the DAG `janitor` does each hour; object stores do it themselves."""
    from media_ops.errors import from_record
    from media_ops.storage import janitor
    from media_ops.storage.roles import read_stores

    done = janitor.tidy(read_stores(config), dry_run=dry_run)
    if as_json:
        _print(done)
    for one in [] if as_json else done:
        did = (
            f"deleted {one.deleted} ({one.deleted_bytes:,} bytes), moved {one.moved} ({one.moved_bytes:,} bytes), "
            f"left by dead writers {one.leftovers} ({one.leftover_bytes:,} bytes), kept {one.kept}"
        )
        print(f"{one.role}  {one.address}  {one.note or did}{' (dry run)' if dry_run else ''}")
    errors = [from_record(one.error) for one in done if one.error]
    for error in errors:
        print(f"media: {error}", file=sys.stderr)
    return max((error.exit_code for error in errors), default=0)


def _print(found: Sequence[Noun]) -> None:
    print(json.dumps([one.model_dump(mode="json") for one in found], indent=2))


def _show(one: StoreStatus) -> None:
    print(f"{one.role}  {one.address}")
    if one.exists:
        print(f"    {one.objects:,} objects, {one.bytes:,} bytes")
    if one.cold_objects:
        print(f"    {one.cold_objects:,} objects in `cold`, {one.cold_bytes:,} bytes")
    for rule in one.rules:
        print(f"    {rule}")
    for difference in one.differences:
        print(f"    NOT AS CONFIGURED: {difference}")
    if one.incomplete:
        size = "" if one.incomplete_bytes is None else f", {one.incomplete_bytes:,} bytes"
        since = f", since {one.incomplete_since:%F %H:%M} UTC" if one.incomplete_since else ""
        print(f"    {one.incomplete:,} uploads left incomplete{size}{since}")
    for due in one.next:
        print(f"    goes {due.at:%F %H:%M} UTC  {due.size:>15,}  {due.key!r}")
