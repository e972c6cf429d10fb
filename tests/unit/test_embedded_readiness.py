from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_airflow.embedded.readiness import missing_dag, missing_service
from media_ops.remote.client import AirflowClient, ApiNotFound, ApiUnavailable

BEFORE, START, AFTER = (datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (1, 2, 3))


class Answers(AirflowClient):
    """A client whose answers are given; an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def token(self) -> str:
        return "t"

    def get(self, path: str, **params: object) -> Any:
        return self._answer(path.rsplit("/", 1)[-1])

    def dag(self, dag_id: str) -> Any:
        return self._answer("dag")

    def _answer(self, name: str) -> Any:
        if isinstance(answer := self.answers[name], Exception):
            raise answer
        return answer


def health(scheduler: datetime | None, processor: datetime | None) -> dict[str, Any]:
    return {
        name: {"status": heard and "healthy", f"latest_{name}_heartbeat": heard and heard.isoformat()}
        for name, heard in (("scheduler", scheduler), ("dag_processor", processor))
    }


@pytest.mark.parametrize(
    ("scheduler", "processor", "missing"),
    [
        (AFTER, AFTER, None),
        (None, AFTER, "scheduler"),
        (BEFORE, AFTER, "scheduler"),
        (AFTER, None, "dag processor"),
        (AFTER, BEFORE, "dag processor"),
    ],
)
def test_signs_of_life_of_an_earlier_start_do_not_count(
    scheduler: datetime | None, processor: datetime | None, missing: str | None
) -> None:
    found = missing_service(Answers(health=health(scheduler, processor)), START)
    assert found is None if missing is None else found is not None and missing in found


def test_an_api_server_that_does_not_answer_is_missing() -> None:
    assert missing_service(Answers(health=ApiUnavailable("refused"))) == "refused"


def test_a_dag_with_an_import_error_is_missing_for_that_reason() -> None:
    errors = {"import_errors": [{"stack_trace": "SyntaxError in media.py"}]}
    assert missing_dag(Answers(dag={}), "a") is None
    assert missing_dag(Answers(dag=ApiNotFound("404"), importErrors=errors), "a") == "SyntaxError in media.py"
    none: dict[str, Any] = {"import_errors": []}
    assert missing_dag(Answers(dag=ApiNotFound("404"), importErrors=none), "a") == "no file of its folder defines it"
