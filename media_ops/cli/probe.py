"""`media probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from media_ops.profile import StreamProfile
    from media_ops.requests import ProbeResult


def command(
    uri: Annotated[
        str, typer.Argument(help="A file, as a path or file:///..., or a far one: http(s)://..., s3://bucket/key")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show what a source is: streams, colour, frames, and what is unusual about their times."""
    import tempfile

    from media_ops.requests import ProbeRequest
    from media_ops.storage.source import find_source
    from media_ops.worker.attempt import probe_attempt

    with tempfile.TemporaryDirectory(prefix="media-probe-") as store:
        result = probe_attempt(ProbeRequest(source=find_source(uri), store=store, prefix="probe")).run()
    if as_json:
        print(result.model_dump_json(indent=2, exclude={"index"}))
    else:
        _show(result)


def _show(result: ProbeResult) -> None:
    from rich.console import Console
    from rich.table import Table

    profile = result.profile
    facts = Table.grid(padding=(0, 2))
    facts.add_row("source", profile.source)
    facts.add_row("container", f"{profile.container}, {profile.size:,} bytes")
    facts.add_row("frames", f"{result.frames:,} in {result.duration:.3f} s, time base {result.time_base}")
    why = f": {result.decoded_because}" if result.decoded_because else ""
    facts.add_row("indexed by", result.index_by + why)
    facts.add_row("chapters", str(profile.chapters))
    facts.add_row("anomalies", "\n".join(profile.anomalies) or "none")
    streams = Table("stream", "kind", "codec", "language", "what", box=None, header_style="bold")
    for stream in profile.streams:
        streams.add_row(
            str(stream.index), stream.kind, stream.codec or "?", stream.language or "", _particulars(stream)
        )
    console = Console()
    console.print(facts, "", streams, sep="\n", markup=False)


def _particulars(stream: StreamProfile) -> str:
    parts: list[str | None] = []
    if stream.kind == "video":
        parts += [f"{stream.width}x{stream.height}", stream.pixel_format]
        parts += [f"{stream.frame_rate} fps" if stream.frame_rate else None]
        parts += [f"rotated by {stream.rotation}" if stream.rotation else None]
        if stream.colour:
            parts += list(dict.fromkeys(value for value in stream.colour.model_dump().values() if value))
    if stream.kind == "audio":
        parts += [f"{stream.sample_rate} Hz", stream.channel_layout or f"{stream.channels} channels"]
    parts += [f"{stream.bit_rate / 1000:.0f} kb/s" if stream.bit_rate else None, stream.title]
    parts += ["cover picture" if stream.attached_picture else None]
    return ", ".join(part for part in parts if part)
