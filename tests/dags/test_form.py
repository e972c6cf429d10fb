from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from media_ops.algorithm import AlgorithmParams, EncodeAlgorithm
from media_ops.errors import InputError, ParamsInvalid


class Grain(BaseModel):
    size: int = 1


class Everything(EncodeAlgorithm):
    """Every kind of field."""

    version = "1"

    class Params(AlgorithmParams):
        level: int | None = Field(None, ge=1, le=9, title="Level", description="A | bar.")
        mode: Literal["a", "b"] | None = Field("a", description="Which.")
        only: Literal["x"] = "x"
        must: float = Field(gt=0, lt=1)
        names: list[str] = Field([])
        grain: Grain = Grain()


@pytest.fixture
def params() -> dict[str, Any]:
    from media_airflow.params import form

    return form(Everything)


def test_schemas_become_params(params: dict[str, Any]) -> None:
    level = params["level"].dump()
    assert level["value"] is None
    assert level["schema"] == {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 9,
        "title": "Level",
        "description_md": "A | bar.",
        "section": "Parameters",
    }
    assert params["mode"].schema["enum"] == ["a", "b", None]
    assert params["only"].schema["enum"] == ["x"]
    assert params["must"].schema["exclusiveMinimum"] == 0
    assert params["names"].schema["items"] == {"type": "string"}
    assert params["grain"].schema["type"] == "object"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("level", [None, 9], [10, "1"]), ("mode", [None, "b"], ["c"]), ("must", [0.5], [1, None])],
)
def test_limits_hold_in_the_form(params: dict[str, Any], name: str, good: list[Any], bad: list[Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    for value in good:
        assert params[name].resolve(value) == value
    for value in bad:
        with pytest.raises(ParamValidationError):
            params[name].resolve(value)


def test_an_algorithm_may_not_take_a_name_of_every_job() -> None:
    from media_airflow.params import form

    class Clash(Everything):
        class Params(AlgorithmParams):
            source: str = ""

    with pytest.raises(ValueError, match="source"):
        form(Clash)


def test_the_page_lists_the_parameters() -> None:
    from media_airflow.page import page

    text = page(Everything)
    assert "| `level` | integer or null ≥ 1, ≤ 9 | `null` | **Level.** A \\| bar. |" in text
    assert "| `must` | number > 0, < 1 | required |" in text


def read(**params: Any) -> Any:
    from pathlib import Path

    from media_airflow.job import read_job
    from media_airflow.settings import Settings

    settings = Settings("/store", results="/results", sources="/sources", allowed_roots=(Path("/r"),), workers=2)
    return read_job("transcode_h264", {"source": "/r/a", "output": "/r/b.mp4", **params}, settings, "jobs/x")


def test_a_request_is_read() -> None:
    job = read(crf=20, segments=3, replace=False, verify="full")
    assert (job.params["crf"], job.params["preset"], job.replace) == (20, "medium", False)
    assert (job.options.segments, job.options.whole, job.options.verify) == (3, False, "full")
    whole = read(slice=False, segments=3).options
    assert (whole.whole, whole.segments) == (True, None)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"krf": 20}, "unknown parameter 'krf'"),
        ({"crf": 99}, "crf"),
        ({"preset": "hasty"}, "preset"),
        ({"source": ""}, "'source' is missing"),
        ({"output": 7}, "'output' is no text"),
        ({"output": None, "container": ".avi"}, "'container' must be one of"),
        ({"segments": 0}, "segments"),
        ({"verify": "hardly"}, "verify"),
    ],
)
def test_a_wrong_request_is_refused_in_one_sentence(params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParamsInvalid, match=sentence) as caught:
        read(**params)
    assert isinstance(caught.value, InputError)
    assert "\n" not in str(caught.value)


def test_jobs_have_places_of_their_own() -> None:
    from media_airflow.job import place
    from media_ops.storage.keys import check

    runs = ["a", "a/b", "a%2Fb", "..", ".", "%2E", "...", "manual__2026-01-01T00:00:00.1+00:00", "ä b", "x" * 250]
    places = [place("d", run) for run in runs]
    assert len(set(places)) == len(runs)
    assert {len(check(each).split("/")) for each in places} == {3}
    assert place("d", "manual__2026-01-01T00:00:00+00:00") == "jobs/d/manual__2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize("name", ["image", "font"])
@pytest.mark.parametrize("place", ["/outside/x.png", "/r/../outside/x.png", "x.png", "ftp://host/x.png"])
def test_a_file_outside_the_roots_is_refused_by_its_parameter(name: str, place: str) -> None:
    from pathlib import Path

    from media_airflow.job import read_job
    from media_airflow.settings import Settings
    from media_ops.errors import SourceNotAllowed

    settings = Settings("/store", results="/results", sources="/sources", allowed_roots=(Path("/r"),), workers=2)
    asked = {"source": "/r/a", "output": "/r/b.mp4", "text": "x", name: place}
    with pytest.raises(SourceNotAllowed, match=f"parameter {name} '{place}'"):
        read_job("watermark", asked, settings, "jobs/x")


def test_an_example_for_files_is_nothing() -> None:
    from media_airflow.params import form
    from media_ops.registry import get

    params = form(get("watermark"))
    for name in ("image", "font"):
        assert params[name].resolve() is None
        assert params[name].resolve("/r/logo.png") == "/r/logo.png"
