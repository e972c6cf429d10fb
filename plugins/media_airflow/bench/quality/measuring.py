"""Measure, and print: target rates, quality at equal size, buffers; whole file, ours, plain segments side by side."""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from media_airflow.bench.machine import machine
from media_airflow.bench.quality.bd_rate import bd_rate
from media_airflow.bench.quality.clips import SIZE, clips
from media_airflow.bench.quality.encodes import Encoded, Film, bytes_of, vmaf_of
from media_airflow.bench.seams import LIMIT_DB, seams
from media_ops.errors import MediaError, from_record
from media_ops.model import JobOptions, Proof
from media_ops.run import run
from media_ops.storage.publish import scratch_beside

SEGMENT_SECONDS = 10.0
# For the joints alone: five of them in a clip, most of them where no scene begins.
_SEGMENTS = 6
# The qualities of the curves; the second one's rate is what is asked for.
_CRFS = {"transcode_h264": (22, 26, 30, 34), "transcode_h265": (24, 28, 32, 36), "transcode_av1": (42,)}
PRESETS: dict[str, Any] = {"transcode_h264": "faster", "transcode_h265": "superfast", "transcode_av1": 10}
# Per cent of the rate, points of VMAF, per cent of BD-rate in the median: the Reach of the issue that made this.
RATE_LIMITS = {"transcode_h264": 2.0, "transcode_h265": 2.0, "transcode_av1": 5.0}
VMAF_LIMIT, BD_LIMIT = 0.15, 0.5
COLUMNS = "target", "whole file", "ours", "plain segments", "BD chosen", "BD anywhere", "buffer", "joints"
# Frames behind an even split: no cut of a scene, and no key frame of the source, is there but by chance.
_ASIDE = 41


def quality(console: Console, folder: Path) -> dict[str, Any]:
    """Measure every clip with every encoder, as many at a time as there are cores."""
    where = machine()
    films = clips(console, folder / "clips")
    found: dict[str, Any] = {algorithm: {} for algorithm in _CRFS}
    with scratch_beside(folder / "quality") as scratch, ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        begun = {
            pool.submit(_measured, algorithm, str(path), str(scratch / algorithm / name)): (algorithm, name)
            for algorithm in found
            for name, path in films.items()
        }
        for done in as_completed(begun):
            algorithm, name = begun[done]
            found[algorithm][name] = done.result()
            console.print(f"  {algorithm} of {name}: {_line(found[algorithm][name])}", highlight=False)
    return {"machine": where, "size": list(SIZE), "segment_seconds": SEGMENT_SECONDS, "encoders": found}


def broken_limits(found: Mapping[str, Any]) -> bool:
    """Whether a figure is not what it must be."""
    return bool(broken(found))


def broken(found: Mapping[str, Any]) -> list[str]:
    """Name the figures that are not what they must be."""
    said = []
    for algorithm, by_clip in found["encoders"].items():
        for name, one in by_clip.items():
            off = abs(one["ours"]["rate"] / one["target"] - 1) * 100
            if off > RATE_LIMITS[algorithm]:
                said.append(f"{algorithm} of {name}: {off:.1f} % off the rate")
            worse = one["whole"]["vmaf"] - one["ours"]["vmaf"]
            if algorithm != "transcode_av1" and worse > VMAF_LIMIT:
                said.append(f"{algorithm} of {name}: VMAF {worse:.2f} below the whole file's")
            if one["buffer"] and one["buffer"]["underflows"]:
                said.append(f"{algorithm} of {name}: {one['buffer']['underflows']} underflows")
        said += [
            f"{algorithm} of {name}: a frame beside a joint {one['joints']:.2f} dB lower than in the whole file"
            for name, one in by_clip.items()
            if one["joints"] is not None and one["joints"] > LIMIT_DB
        ]
        figures = [one["bd"]["chosen"] for one in by_clip.values() if one["bd"]]
        if figures and statistics.median(figures) > BD_LIMIT:
            said.append(f"{algorithm}: BD-rate {statistics.median(figures):.2f} % in the median")
    return said


def show(console: Console, found: Mapping[str, Any]) -> None:
    """Print the tables."""
    for algorithm, by_clip in found["encoders"].items():
        table = Table(title=f"{algorithm}, {PRESETS[algorithm]}, segments of {found['segment_seconds']:g} s")
        for column in ("clip", *COLUMNS):
            table.add_column(column, justify="left" if column == "clip" else "right")
        for name, one in sorted(by_clip.items()):
            table.add_row(name, *cells(one))
        console.print(table)
    console.print(found["machine"], style="dim")
    for sentence in broken(found):
        console.print(f"beyond its limit: {sentence}", style="bold red")


def cells(one: Mapping[str, Any]) -> list[str]:
    """Give a clip's figures in words."""
    told = [f"{one['target'] / 1000:.0f} kbit/s"]
    for way in ("whole", "ours", "plain"):
        told.append(f"{(one[way]['rate'] / one['target'] - 1) * 100:+.1f} %, VMAF {one[way]['vmaf']:.2f}")
    told += [f"{one['bd'][cuts]:+.2f} %" if one["bd"] else "" for cuts in ("chosen", "anywhere")]
    told.append(f"{one['buffer']['underflows']} underflows" if one["buffer"] else "")
    return [*told, "" if one["joints"] is None else f"{one['joints']:+.2f} dB"]


def _line(one: Mapping[str, Any]) -> str:
    return ", ".join(cell for cell in cells(one) if cell)


def _measured(algorithm: str, path: str, place: str) -> dict[str, Any]:
    film, folder = Film(Path(path)), Path(place)
    folder.mkdir(parents=True)
    params: dict[str, Any] = {"preset": PRESETS[algorithm]}
    frames = film.index.frames
    whole = [_constant(film, algorithm, params | {"crf": crf}, [0, frames], folder) for crf in _CRFS[algorithm]]
    target = round(whole[min(1, len(whole) - 1)][0], -3)
    asked = params | {"bitrate": f"{target:.0f}"}
    joined, proof = _job(film, algorithm, asked, folder / "ours.mp4")
    chosen = [0, *(joint.rank for joint in proof.joints), frames]
    equal = [frames * place // (len(chosen) - 1) for place in range(len(chosen))]
    anywhere = [0, *(edge + _ASIDE for edge in equal[1:-1]), frames]
    ways = {
        "whole": film.at_rate(algorithm, asked, int(target), [0, frames], folder / "whole"),
        "ours": Encoded([joined], bytes_of(joined), chosen),
        "plain": film.at_rate(algorithm, asked, int(target), chosen, folder / "plain"),
    }
    figures = {
        name: {"rate": 8 * way.size / film.seconds, "vmaf": vmaf_of(film, way.files)} for name, way in ways.items()
    }
    bd = None
    if len(whole) >= 4:
        curves = {
            name: [_constant(film, algorithm, params | {"crf": crf}, edges, folder) for crf in _CRFS[algorithm]]
            for name, edges in (("chosen", chosen), ("anywhere", anywhere))
        }
        bd = {name: bd_rate(whole, curve) for name, curve in curves.items()}
    buffer = None if algorithm == "transcode_av1" else _buffered(film, algorithm, asked, target, folder)
    joints = None
    if bd:
        near = params | {"crf": _CRFS[algorithm][1]}
        found = seams(film.path, algorithm, near, JobOptions(segments=_SEGMENTS), folder)
        joints = max(seam.excess for seam in found)
    return {"target": target, **figures, "bd": bd, "buffer": buffer, "joints": joints, "edges": chosen}


def _constant(
    film: Film, algorithm: str, params: dict[str, Any], edges: list[int], folder: Path
) -> tuple[float, float]:
    """Give rate and VMAF."""
    made = film.constant(algorithm, params, edges, folder / "constant")
    return 8 * made.size / film.seconds, vmaf_of(film, made.files)


def _job(film: Film, algorithm: str, params: dict[str, Any], output: Path) -> tuple[Path, Proof]:
    options = JobOptions(segment_seconds=SEGMENT_SECONDS)
    report = run(algorithm, [str(film.path)], str(output), params, options, workers=1)
    if report.error:
        raise from_record(report.error)
    if report.proof is None:
        raise MediaError(f"{film.path}: no proof")
    return output, report.proof


def _buffered(film: Film, algorithm: str, asked: dict[str, Any], target: float, folder: Path) -> dict[str, Any]:
    """Keep within a buffer of one second, filled a quarter faster than the film is on average."""
    from media_ops.container.joined import open_intermediate
    from media_ops.rate.buffer import Buffer, simulate

    most = int(1.25 * target)
    params = asked | {"maxrate": str(most), "bufsize": str(most)}
    output, proof = _job(film, algorithm, params, folder / "buffered.mp4")
    with open_intermediate(str(output)) as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size]
        assert video.time_base is not None
        times = [int(packet.dts or 0) for packet in packets]
        found = simulate(Buffer(most, most), [packet.size for packet in packets], times, video.time_base)
    assert proof.rate is not None
    return {
        "maxrate": most,
        "underflows": len(found.underflows),
        "lowest": round(found.lowest, 4),
        "rate": proof.rate.reached,
        "encoded_again": proof.rate.encoded_again,
    }
