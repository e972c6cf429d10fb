"""The pages of `docs/algorithms/`, made from the code: `python -m media_airflow.pages FOLDER [ALGORITHM...]`.

All texts are written anew, and stills of the algorithms that are named; of all where none is.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from pathlib import Path

from media_airflow.page import head, table
from media_ops.algorithm import DOCUMENT, Algorithm, FrameAlgorithm, MeasureAlgorithm
from media_ops.encoders.chosen import containers_of
from media_ops.need import Need
from media_ops.registry import all_algorithms, get

_INDEX = """# Algorithms

`make docs` writes these pages from the code. [How to write one](../write-an-algorithm.md): it is one file, and
`MEDIA_OPS_ALGORITHMS` names further folders of such files.

| algorithm | what it does | cut | looks first | version |
| --- | --- | --- | --- | --- |
"""
_CAPTION = "Left the source, right the result; below, the same part of both, magnified."
_NEVER = "Never: it needs every frame before the one it works on."
_PROMISES = {
    "exact": "Exact: cut anywhere, its frames are bit by bit what one run over the whole film gives.",
    "converging": "Converging: its memory fades. Cut anywhere, every frame has at least 60 dB PSNR to what one run "
    "over the whole film gives.",
    "blended": "Blended: what it makes depends on where it begins. The film is processed whole, unless the job asks "
    "for cross-fades (`blend`).",
}
_ENCODING = "Exact: cut anywhere, the encoder gets the frames that one run over the whole film would give it."
_MEASURING = "Exact: cut anywhere, every frame's numbers are bit by bit those of one run over both films."
_LOOKS = {
    "no": "It does not look at the film first.",
    "whole": "It looks at the whole film first, in one go.",
    "joined": "It looks at the whole film first, at segments side by side, and joins what it found.",
}


def pages() -> dict[str, str]:
    """Give the text of each page by its file's name."""
    kinds = all_algorithms()
    index = _INDEX + "\n".join(_entry(kind) for kind in kinds.values()) + "\n"
    return {"README.md": index} | {f"{name}.md": _page(kind) for name, kind in kinds.items()}


def frame_algorithms() -> dict[str, type[FrameAlgorithm]]:
    """Give those that have a still."""
    return {name: kind for name, kind in all_algorithms().items() if issubclass(kind, FrameAlgorithm)}


def _entry(kind: type[Algorithm]) -> str:
    cut = "never" if _example(kind).need().unbounded else kind.exactness
    looks = "no" if kind.analyses() == "no" else "yes"
    return f"| [{kind.name()}]({kind.name()}.md) | {kind.title()} | {cut} | {looks} | {kind.version} |"


def _page(kind: type[Algorithm]) -> str:
    parts = [head(kind)]
    if issubclass(kind, FrameAlgorithm):
        parts.append(f"![{kind.name()}: before and after]({kind.name()}.jpg)\n\n{_CAPTION} {_made_with(kind)}")
    sections = {"Parameters": table(kind), "How it is cut": _cutting(kind), "Example": _use(kind)}
    parts += [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join([*parts, f"`{kind.name()}` {kind.version}. [All algorithms](README.md)"]) + "\n"


def _made_with(kind: type[Algorithm]) -> str:
    given = ", ".join(f"`{name}` {json.dumps(value, ensure_ascii=False)}" for name, value in kind.examples[0].items())
    return f"Made with {given or 'the defaults'}."


def _cutting(kind: type[Algorithm]) -> str:
    example = _example(kind)
    if isinstance(example, MeasureAlgorithm):
        return "\n".join(f"- {sentence}" for sentence in (_MEASURING, *_needs(example.need())))
    if not isinstance(example, FrameAlgorithm):
        return _ENCODING
    need = example.need()
    said = [_NEVER if need.unbounded else _PROMISES[example.exactness], *_needs(need), _LOOKS[example.analyses()]]
    if example.rate > 1:
        said.append(f"It makes {example.rate} frames of each.")
    if (size := example.geometry(1280, 720)) != (1280, 720):
        said.append(f"A picture of 1280x720 becomes one of {size[0]}x{size[1]}, with the parameters of the example.")
    said.append(
        f"Planning reckons with {example.cpu_seconds_per_megapixel:g} CPU seconds for a frame of a megapixel, "
        "beside encoding."
    )
    return "\n".join(f"- {sentence}" for sentence in said)


def _needs(need: Need) -> list[str]:
    """Say in words what is needed with the parameters of the example."""
    said = []
    if need.before or need.after:
        said.append(f"For each frame it sees {_around(need.before, need.after)}.")
    if need.warm_up or need.run_out:
        said.append(f"For each segment it also works on {_around(need.warm_up, need.run_out)}, which are dropped.")
    if need.length:
        said.append(f"For each segment it works on {need.length[0]} * n + {need.length[1]} frames.")
    if need.gops:
        said.append(
            f"It works on whole closed GOPs; on {need.gops[0]} before a segment and {need.gops[1]} behind it."
        )
    if need.crossfade:
        said.append(f"Segments are cross-faded over {need.crossfade} frames.")
    return [f"{one[:-1]} (with the parameters of the example)." for one in said] or ["It sees one frame at a time."]


def _around(before: int, behind: int) -> str:
    sides = (before, "before"), (behind, "behind")
    return " and ".join(f"{count} frame{'s'[: count > 1]} {side} it" for count, side in sides if count)


def _use(kind: type[Algorithm]) -> str:
    """Write the same job as a command and as a request."""
    params = dict(kind.examples[0])
    measures = issubclass(kind, MeasureAlgorithm)
    output = kind.name() + (DOCUMENT if measures else containers_of(_example(kind))[0])
    words = ["media", "run", kind.name(), "film.mp4", "-o", output]
    for name, value in params.items():
        words += ["--param", f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"]
    conf = {"source": "/films/film.mp4", "output": f"/films/{output}", **params}
    body = json.dumps({"logical_date": None, "conf": conf}, ensure_ascii=False)
    request = f"""curl "$URL/api/v2/dags/{kind.name()}/dagRuns" -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d {shlex.quote(body)}"""
    over_http = "Or over HTTP, with `URL` and `TOKEN` as in the [README](../../README.md):"
    command, asked = (f"```sh\n{block}\n```" for block in (shlex.join(words), request))
    return f"{command}\n\n{over_http}\n\n{asked}"


def _example(kind: type[Algorithm]) -> Algorithm:
    return kind.from_params(dict(kind.examples[0]))


def write(folder: Path, named: list[str]) -> None:
    """Write all texts, and the stills of those named, or all. Raises `ParamsInvalid` for a name that there is not."""
    from media_ops.stills import make_clip, make_still

    chosen = set(map(get, named)) or set(frame_algorithms().values())
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text)
    with tempfile.TemporaryDirectory(prefix="media-ops-stills-") as scratch:
        clip = Path(scratch, "clip.mkv")
        make_clip(clip)
        for name, kind in frame_algorithms().items():
            if kind in chosen:
                still = make_still(kind, clip, Path(scratch), workers=len(os.sched_getaffinity(0)))
                (folder / f"{name}.jpg").write_bytes(still)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:])
