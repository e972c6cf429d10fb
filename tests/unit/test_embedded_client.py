from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from media_ops.errors import InputError, MediaError, WorldError, from_record
from media_ops.remote.client import (
    AirflowClient,
    ApiNotFound,
    ApiRefused,
    ApiUnavailable,
    RunExists,
    run_path,
)

Handler = Callable[[httpx.Request], httpx.Response]


def client_of(handler: Handler) -> AirflowClient:
    def with_login(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        assert request.headers["authorization"] == "Bearer t"
        return handler(request)

    client = AirflowClient("http://airflow", "admin", "secret")
    client._http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(with_login))
    return client


@pytest.mark.parametrize(
    ("status", "kind", "fate"),
    [
        (400, ApiRefused, InputError),
        (401, ApiRefused, InputError),
        (404, ApiNotFound, InputError),
        (409, RunExists, InputError),
        (422, ApiRefused, InputError),
        (500, ApiUnavailable, WorldError),
        (503, ApiUnavailable, WorldError),
    ],
)
def test_each_refusal_has_its_error(status: int, kind: type[MediaError], fate: type[MediaError]) -> None:
    client = client_of(lambda request: httpx.Response(status, json={"detail": "crf is too high"}))
    with pytest.raises(kind, match=f"dagRuns: {status} crf is too high") as caught:
        client.trigger("a_dag", {"crf": 99})
    assert isinstance(caught.value, fate)
    assert type(from_record(caught.value.to_record())) is kind


def test_no_answer_is_the_worlds_fault() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(ApiUnavailable, match="refused"):
        client_of(broken).run("a_dag", "a_run")


def test_lists_are_read_page_by_page() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        rows = [{"map_index": index} for index in range(offset, min(offset + limit, 250))]
        return httpx.Response(200, json={"task_instances": rows, "total_entries": 250})

    rows = client_of(page).mapped("a_dag", "a_run", "process")
    assert [row["map_index"] for row in rows] == list(range(250))


def test_waiting_outlives_a_restart_of_the_server() -> None:
    answers = iter([httpx.Response(503), httpx.Response(200, json={"state": "running"})])
    done = httpx.Response(200, json={"state": "success"})
    client = client_of(lambda request: next(answers, done))
    assert client.wait("a_dag", "a_run", 5, poll=0)["state"] == "success"


def test_waiting_ends_with_the_last_state() -> None:
    client = client_of(lambda request: httpx.Response(200, json={"state": "queued"}))
    with pytest.raises(ApiUnavailable, match="it is queued"):
        client.wait("a_dag", "a_run", 0)


def test_an_expired_token_is_renewed_by_the_next_request() -> None:
    answers = iter([httpx.Response(401, json={"detail": "expired"})])
    client = client_of(lambda request: next(answers, httpx.Response(200, json={})))
    with pytest.raises(ApiRefused):
        client.dag("a_dag")
    assert client._token is None
    assert client.dag("a_dag") == {}


def test_run_ids_are_quoted() -> None:
    assert run_path("d", "manual__2026-01-01T00:00:00+00:00/x").endswith(
        "manual__2026-01-01T00%3A00%3A00%2B00%3A00%2Fx"
    )
