"""The trigger form: Airflow Params from an algorithm's own fields and those that every job has."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from airflow.sdk import Param

from media_ops.algorithm import DOCUMENT, Algorithm, MeasureAlgorithm
from media_ops.asked import CONTAINERS
from media_ops.model import SEAM_LIMIT_DB
from media_ops.planning.gate import MOST_SEGMENTS

_SOURCE: dict[str, Any] = {
    "source": Param(
        type="string",
        minLength=1,
        maxLength=4096,
        title="Source",
        description_md="The video to read: an absolute path or a `file:///` address below an allowed folder; or, "
        "if the operator of the system allows it, `https://host/...` or `s3://bucket/key`.",
        section="Source",
    )
}
_OUTPUT: dict[str, Any] = {
    "output": Param(
        None,
        type=["string", "null"],
        maxLength=4096,
        title="Output",
        description_md="Where to publish: an absolute path or a `file:///` address below an allowed folder, or "
        "`s3://` and a key of the bucket of results. The extension names the container: `.mp4`, `.mov`, `.mkv` or "
        "(AV1 only) `.webm`. Missing folders are made. Empty: in the store of results only; the run says where.",
        section="Output",
    ),
    "container": Param(
        ".mp4",
        type="string",
        enum=list(CONTAINERS),
        title="Container",
        description_md="Extension of a result for which no output is named.",
        section="Output",
    ),
    "replace": Param(
        True,
        type="boolean",
        title="Replace",
        description_md="Whether an output that exists already may be replaced, which happens after the proof.",
        section="Output",
    ),
    "force": Param(
        False,
        type="boolean",
        title="Compute anew",
        description_md="Off: what was made before of the same source in the same way, by the same software, is given "
        "again without computing. On: everything is computed, and kept in the place of that.",
        section="Output",
    ),
}
_DOCUMENT: dict[str, Any] = {
    "output": Param(
        None,
        type=["string", "null"],
        maxLength=4096,
        title="Output",
        description_md="Where to publish the document, which must be said: a path or a `file:///` address below an "
        "allowed folder, or `s3://` and a key of the bucket of results, that ends in `.json`. Files beside it have "
        "its name with other endings.",
        section="Output",
    ),
    "container": Param(
        DOCUMENT,
        type="string",
        enum=[DOCUMENT],
        title="Container",
        description_md="A measurement gives a document.",
        section="Output",
    ),
}
_TIME: dict[str, Any] = {
    "deadline_minutes": Param(
        None,
        type=["integer", "null"],
        minimum=1,
        maximum=100_000,
        title="Deadline (minutes)",
        description_md="A job that has not ended so long after it was asked for is ended by the watchdog, or what "
        "else `config/watchdog.yaml` says. Empty: it has all the time it needs.",
        section="Output",
    ),
}
_SLICING: dict[str, Any] = {
    "slice": Param(
        True,
        type="boolean",
        title="Cut into segments",
        description_md="Process segments side by side where that pays. Off: the whole file in one piece.",
        section="Slicing",
    ),
    "segment_seconds": Param(
        None,
        type=["number", "null"],
        minimum=0.1,
        title="Segment length (seconds)",
        description_md="Wanted length of a segment. Empty: chosen from the cost of the work.",
        section="Slicing",
    ),
    "segments": Param(
        None,
        type=["integer", "null"],
        minimum=1,
        maximum=MOST_SEGMENTS,
        title="Number of segments",
        description_md="Exactly so many segments. Empty: chosen from the cost of the work.",
        section="Slicing",
    ),
    "verify": Param(
        "joints",
        type="string",
        enum=["joints", "full"],
        title="Proof",
        description_md="`joints` decodes 12 frames either side of each joint and 12 at the start, the middle and the "
        "end of the result; `full`, and a lossless job, decode all of it.",
        section="Slicing",
    ),
    "blend": Param(
        False,
        type="boolean",
        title="Cross-fade",
        description_md="Cut algorithms that cannot be cut exactly, too, and cross-fade their segments; the proof "
        "tells. Off: such an algorithm gets the whole file in one piece.",
        section="Slicing",
    ),
    "slices": Param(
        "virtual",
        type="string",
        enum=["virtual", "physical"],
        title="Slices",
        description_md="`virtual`: each segment reads its part of the source; `physical`: its bytes are cut out "
        "first and put into the store, for workers that cannot reach the source.",
        section="Slicing",
    ),
    "on_damage": Param(
        "strict",
        type="string",
        enum=["strict", "conceal"],
        title="Damaged pictures",
        description_md="`strict` fails at the first one; `conceal` takes what the decoder makes of it, in one piece, "
        "and lists the places in the proof.",
        section="Slicing",
    ),
    "seams": Param(
        "warn",
        type="string",
        enum=["warn", "fail", "off"],
        title="Joints that show",
        description_md="Where a frame beside a joint is encoded much worse than its neighbours, `warn` says so in "
        "the proof, `fail` ends the job without a result, `off` does not look.",
        section="Slicing",
    ),
    "seam_limit_db": Param(
        SEAM_LIMIT_DB,
        type="number",
        exclusiveMinimum=0,
        maximum=100,
        title="Limit of joints (dB)",
        description_md="How far under its neighbours such a frame may lie, in dB of PSNR.",
        section="Slicing",
    ),
}
JOB_FIELDS = frozenset(_SOURCE | _OUTPUT | _TIME | _SLICING)


def form(algorithm: type[Algorithm]) -> dict[str, Any]:
    """Give the form's fields in the order they are shown."""
    own = {name: _param(schema) for name, schema in fields(algorithm).items()}
    if taken := JOB_FIELDS & own.keys():
        raise ValueError(f"{algorithm.name()}: parameters {sorted(taken)} are fields of every job; rename them")
    output = _OUTPUT | (_DOCUMENT if issubclass(algorithm, MeasureAlgorithm) else {})
    # Copies: Airflow writes a run's values into these objects, and the next DAG's would begin with them.
    return deepcopy({**_SOURCE, **output, **_TIME, **own, **_SLICING})


def fields(algorithm: type[Algorithm]) -> dict[str, dict[str, Any]]:
    """Give the JSON schema of each parameter, references filled in and `X | None` written as a nullable type."""
    schema = algorithm.Params.model_json_schema()
    definitions = schema.get("$defs", {})
    return {name: _flat(field, definitions) for name, field in schema.get("properties", {}).items()}


def _flat(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    field = dict(field)
    if reference := field.pop("$ref", None):
        field = {**_flat(definitions[reference.rpartition("/")[2]], definitions), **field}
    choices = [_flat(choice, definitions) for choice in field.get("anyOf", [])]
    real = [choice for choice in choices if choice.get("type") != "null"]
    if len(choices) == 2 and len(real) == 1:
        del field["anyOf"]
        field = {**real[0], **field, "type": [real[0]["type"], "null"]}
        if "enum" in field:
            field["enum"] = [*field["enum"], None]
    if "items" in field:
        field["items"] = _flat(field["items"], definitions)
    return field


def _param(field: dict[str, Any]) -> Any:
    schema = dict(field)
    description = schema.pop("description", None)
    schema.pop("file", None)
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if description:
        schema["description_md"] = description
    if "default" in schema:
        return Param(schema.pop("default"), section="Parameters", **schema)
    return Param(section="Parameters", **schema)
