"""`media proof`."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from media_ops.model import JointProof, Picture, Proof
    from media_ops.proof.report import CheckReport, CheckRequest
    from media_ops.storage.document import Document

FAILED = 1
_EXACTNESS = {
    "converging": "before encoding, every frame has at least 60 dB PSNR to what one run over the whole film gives",
    "blended": "frames behind the joints are cross-faded, and not what one run over the whole film gives",
}


def command(
    file: Annotated[str, typer.Argument(help="A result, or its proof.")],
    check: Annotated[bool, typer.Option("--check", help="Check it again, against result and source.")] = False,
    source: Annotated[
        str | None, typer.Option(help="The source, where it is no longer where the proof says.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Compare every frame, not only some.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Show the proof that stands beside a result, or check it again. Exit 1 if a check fails."""
    if not check and (source or full):
        raise typer.BadParameter("--source and --full go with --check")
    document, result = find(file)
    if not check:
        if as_json:
            print(json.dumps(document.proof.model_dump(mode="json"), indent=2))
        else:
            _show(document)
        return 0
    report = _check(request(document, result, source, full), quiet=as_json or not sys.stderr.isatty())
    if as_json:
        print(json.dumps(report.model_dump(mode="json"), indent=2))
    else:
        _tell(report)
    return FAILED if report.outcome == "failed" else 0


def find(given: str) -> tuple[Document, str]:
    """Give the proof and the result that it stands beside, whichever of the two was named."""
    from media_ops.errors import ProofNotFound
    from media_ops.storage.document import read_document
    from media_ops.storage.proved import SUFFIX, proof_path
    from media_ops.storage.source import locate

    place = Path(locate(given))
    if not place.name.endswith(SUFFIX):
        beside = proof_path(place)
        if not os.path.lexists(beside):
            raise ProofNotFound(f"no proof stands beside {given!r}: there is no {beside.name!r}")
        return read_document(beside), str(place)
    document = read_document(place)
    named = place.with_name(place.name.removesuffix(SUFFIX))
    return document, str(named if named.exists() else place.with_name(os.path.basename(document.proof.output_name)))


def request(document: Document, result: str, source: str | None, full: bool) -> CheckRequest:
    """Ask for a check; without `source`, it is looked for where the proof says."""
    from media_ops.errors import InputError
    from media_ops.proof.report import CheckRequest
    from media_ops.storage.far import is_far
    from media_ops.storage.source import find_source, locate

    proof, reason = document.proof, "the proof does not say where the source was"
    if source is not None:
        source = find_source(source)
    elif proof.source_path:
        try:
            far = is_far(proof.source_path)
            place = proof.source_path if far else os.path.join(document.path.parent, proof.source_path)
            source = find_source(place if far else os.path.normpath(place))
        except InputError as error:
            reason = f"the source is not where it was: {error}"
    return CheckRequest(
        proof=proof, sealed=document.sealed, result=locate(result), source=source, no_source=reason, full=full
    )


def _check(asked: CheckRequest, quiet: bool) -> CheckReport:
    from media_ops.worker.attempt import Progress, check_attempt

    attempt = check_attempt(asked)
    if quiet:
        return attempt.run()
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        line = bars.add_task("checking", total=None)

        def move(progress: Progress) -> None:
            bars.update(line, completed=progress.done, total=progress.total)

        return attempt.run(move)


def _tell(report: CheckReport) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for found in report.checks:
        mark = found.outcome.upper() if found.outcome == "failed" else found.outcome
        table.add_row(mark, found.name, found.detail)
    count = Counter(found.outcome for found in report.checks)
    said = ", ".join(f"{number} {outcome}" for outcome, number in count.items())
    console = Console(soft_wrap=True)
    console.print(table, markup=False)
    console.print(f"\nthe proof {'holds' if report.outcome == 'held' else 'does NOT hold'}: {said}", markup=False)


def _show(document: Document) -> None:
    from rich.console import Console
    from rich.table import Table

    proof = document.proof
    table = Table.grid(padding=(0, 2))
    for name, text in lines(proof):
        table.add_row(name, text)
    for warning in proof.warnings:
        table.add_row("warning", warning)
    if not document.sealed:
        table.add_row("ALTERED", "this proof was changed after it was written")
    Console(soft_wrap=True).print(table, markup=False)


def lines(proof: Proof) -> list[tuple[str, str]]:
    """Tell a proof, one name and text a line."""
    slicing = proof.slicing
    cut = f"{slicing.segments}" + (f" ({slicing.reason})" if slicing.reason else "") if slicing else "?"
    params = ", ".join(f"{name}={value}" for name, value in proof.params.items())
    distance = "" if proof.picture_distance is None else f", {proof.picture_distance:.2f} luma steps off at most"
    sound = "none" if proof.av_offset_ms is None else f"within {proof.av_offset_ms:.3f} ms of the source's place"
    exactness = [("exactness", _EXACTNESS[proof.exactness])] if proof.exactness in _EXACTNESS else []
    told = [
        ("proved", f"{proof.made_at}, {proof.algorithm} {proof.algorithm_version} ({params})"),
        ("result", f"{proof.output_name}, {proof.output_size:,} bytes, sha256 {proof.output_sha256}"),
        ("source", f"{proof.source_path}, {proof.source_size:,} bytes, sha256 {proof.source_sha256}"),
        ("segments", cut),
        ("frames", f"{proof.frames_in} in, {proof.frames_out} out, {proof.pts_mismatches} at another time"),
        ("times", f"digest {proof.pts_digest}, in {proof.pts_resolution} s, moved by {proof.pts_shift} s"),
        ("sound", sound),
        *exactness,
        *((f"file of {name}", f"sha256 {sha256}") for name, sha256 in proof.files.items()),
        ("compared", f"{proof.frames_compared} frames ({proof.verify}){distance}"),
        *((f"joint at {j.rank}", _joint(j)) for j in proof.joints),
        *_seams(proof),
        ("before", _picture(proof.picture_source)),
        ("after", _picture(proof.picture_output)),
    ]
    if proof.lossless_digest:
        told.append(("lossless", f"digest of all decoded frames {proof.lossless_digest}"))
    if proof.damaged:
        told.append(("damaged", _damage(proof)))
    for track in proof.tracks:
        reason = f": {track.reason}" if track.reason else ""
        told.append((f"{track.kind} {track.index}", f"{track.action} {track.codec or ''}{reason}"))
    told.append(("made by", ", ".join(f"{name} {version}" for name, version in proof.software.items())))
    return told


def _joint(joint: JointProof) -> str:
    near = "" if joint.drop_db is None else f"frames beside it {_under(joint.drop_db)}, "
    return f"{joint.frames_compared} frames compared, {near}{joint.fingerprint}"


def _seams(proof: Proof) -> list[tuple[str, str]]:
    drops = [joint.drop_db for joint in proof.joints if joint.drop_db is not None]
    if not drops or proof.seam_limit_db is None:
        return []
    over = sum(drop > proof.seam_limit_db for drop in drops)
    shown = f"{over} of {len(drops)} joints show" if over else "no joint shows"
    return [("seams", f"{shown}: frames beside them {_under(max(drops))}, the limit is {proof.seam_limit_db:g} dB")]


def _under(drop: float) -> str:
    return f"at most {drop:.1f} dB under their neighbours" if drop > 0 else "none under their neighbours"


def _damage(proof: Proof) -> str:
    tick = Fraction(proof.source_time_base or 0)
    if not tick:
        return f"{len(proof.damaged)} places of the source, at PTS {proof.damaged}"
    times = ", ".join(f"{float(start * tick):.3f} to {float(end * tick):.3f} s" for start, end in proof.damaged)
    return f"{times} of the source, shown as the decoder guesses"


def _picture(seen: Picture | None) -> str:
    if seen is None:
        return "unknown"
    parts = [f"{seen.width}x{seen.height}", seen.pixel_format]
    parts += [f"samples {seen.sample_aspect_ratio}"] if seen.sample_aspect_ratio != "1" else []
    parts += [f"{name} {value}" for name, value in seen.colour.model_dump().items() if value]
    parts += [f"{name.replace('_', ' ')} {value}" for name, value in seen.side_data.items()]
    return ", ".join(parts)
