"""The text on a DAG's page."""

from __future__ import annotations

import json
from typing import Any

from media_airflow.params import fields
from media_ops.algorithm import Algorithm, MeasureAlgorithm

_NOTE = """The source is cut into segments that are processed side by side; the joined result is what one run over the
whole file would have given, or the job fails with the reason. Its proof is published beside it, as
`<output>.proof.json`."""

_MEASURES = """Both films are cut at the same frames, and their segments are measured side by side; what is found is
what one run over the whole films would have found, or the job fails with the reason."""


def page(algorithm: type[Algorithm]) -> str:
    """Write title, description and the table of parameters as Markdown."""
    note = _MEASURES if issubclass(algorithm, MeasureAlgorithm) else _NOTE
    return f"{head(algorithm)}\n\n{note}\n\n{table(algorithm)}\n\n`{algorithm.name()}` {algorithm.version}\n"


def head(algorithm: type[Algorithm]) -> str:
    """Write title and description."""
    return f"# {algorithm.title().rstrip('.')}\n\n{algorithm.description()}"


def table(algorithm: type[Algorithm]) -> str:
    """Write the table of parameters."""
    rows = [_row(name, field) for name, field in fields(algorithm).items()]
    return "\n".join(["| parameter | values | default | |", "| --- | --- | --- | --- |", *rows])


def _row(name: str, field: dict[str, Any]) -> str:
    default = f"`{json.dumps(field['default'])}`" if "default" in field else "required"
    text = f"**{field.get('title', name)}.** {field.get('description', '')}".replace("|", "\\|").replace("\n", " ")
    return f"| `{name}` | {_values(field)} | {default} | {text} |"


def _values(field: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in field["enum"])
    kind = field.get("type", "any")
    kind = " or ".join(kind) if isinstance(kind, list) else str(kind)
    bounds = [
        f"{sign} {field[key]}"
        for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if key in field
    ]
    return " ".join([kind, ", ".join(bounds)]).strip()
