"""Airflow's REST API, as far as we use it."""

from __future__ import annotations

import json
import time
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

import httpx

from media_ops.errors import InputError, WorldError

Json = dict[str, Any]
PAGE = 100
FINISHED = frozenset({"success", "failed"})


class ApiRefused(InputError):
    """Airflow answered that the request is wrong; `status` is the HTTP status."""

    status: int = 400


class ApiNotFound(ApiRefused):
    """There is no such DAG, run or task."""

    status = 404


class RunExists(ApiRefused):
    """The DAG has a run of that name already: the request was made before."""

    status = 409


class ApiUnavailable(WorldError):
    """Airflow did not answer, or answered that it is broken."""


class AirflowClient:
    """Signs in once, then triggers and reads runs. Use one per thread."""

    def __init__(self, url: str, user: str, password: str, *, timeout: float = 30) -> None:
        self.url = url.rstrip("/")
        self._login = {"username": user, "password": password}
        # Proxies of the environment do not serve the loopback.
        self._http = httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def token(self) -> str:
        """Sign in, once a day, and give the bearer token."""
        if self._token is None:
            answer = self._send("POST", "/auth/token", json=self._login)
            self._token = cast("str", answer.json()["access_token"])
        return self._token

    def trigger(
        self, dag_id: str, conf: Json | None = None, *, run_id: str | None = None, note: str | None = None
    ) -> Json:
        """Start a run and give it; `RunExists` if `run_id` was used before."""
        body: Json = {"logical_date": None, "conf": conf or {}}
        body |= {"dag_run_id": run_id} if run_id else {}
        body |= {"note": note} if note else {}
        return self._json("POST", f"{dag_path(dag_id)}/dagRuns", json=body)

    def dag(self, dag_id: str) -> Json:
        """Read a DAG."""
        return self._json("GET", dag_path(dag_id))

    def run(self, dag_id: str, run_id: str) -> Json:
        """Read a run; its `state` is queued, running, success or failed."""
        return self._json("GET", run_path(dag_id, run_id))

    def cancel(self, dag_id: str, run_id: str, note: str) -> Json:
        """End a run: failed with a note, as Airflow knows no cancelled runs. Tasks hear of it within 1.2 s."""
        return self._json("PATCH", run_path(dag_id, run_id), json={"state": "failed", "note": note})

    def wait(self, dag_id: str, run_id: str, seconds: float, *, poll: float = 0.5) -> Json:
        """Wait until the run has ended and give it; an API server that restarts meanwhile is waited for."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                run = self.run(dag_id, run_id)
                if run["state"] in FINISHED:
                    return run
                last = f"it is {run['state']}"
            except ApiUnavailable as error:
                last = str(error)
            if time.monotonic() > deadline:
                raise ApiUnavailable(f"the run {run_id} of {dag_id} has not ended in {seconds:g} s: {last}")
            time.sleep(poll)

    def task_instances(self, dag_id: str, run_id: str) -> list[Json]:
        """List all task instances of a run, mapped ones one by one."""
        return self._pages(f"{run_path(dag_id, run_id)}/taskInstances", "task_instances")

    def mapped(self, dag_id: str, run_id: str, task_id: str) -> list[Json]:
        """List the instances of one mapped task, by index; empty while it is not expanded."""
        return self._pages(f"{task_path(dag_id, run_id, task_id)}/listMapped", "task_instances")

    def task_state(
        self, dag_id: str, run_id: str, task_id: str, key: str, *, map_index: int = -1, default: Any = None
    ) -> Any:
        """Read what a task stored under `key` with its `task_state_store`."""
        path = f"{task_path(dag_id, run_id, task_id)}/state-store/{quote(key, safe='')}"
        try:
            return self._json("GET", path, params={"map_index": map_index})["value"]
        except ApiNotFound:
            return default

    def task_states(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> Json:
        """Read everything a task stored with its `task_state_store`."""
        path = f"{task_path(dag_id, run_id, task_id)}/state-store"
        rows = self._pages(path, "task_state_store", map_index=map_index)
        return {row["key"]: row["value"] for row in rows}

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", *, map_index: int = -1, default: Any
    ) -> Any:
        """Read what a task gave to others."""
        path = f"{task_path(dag_id, run_id, task_id)}/xcomEntries/{quote(key, safe='')}"
        try:
            value = self._json("GET", path, params={"map_index": map_index})["value"]
        except ApiNotFound:
            return default
        return json.loads(value) if isinstance(value, str) else value

    def runs_named(self, run_id: str) -> list[Json]:
        """List the runs of that name, of whatever DAGs."""
        # Airflow strips what is no letter or digit off a prefix's end, and may give more than was asked for.
        found = self._pages("/api/v2/dags/~/dagRuns", "dag_runs", run_id_prefix_pattern=run_id)
        return [run for run in found if run["dag_run_id"] == run_id]

    def logs(self, dag_id: str, run_id: str, task_id: str, *, attempt: int = 1, map_index: int = -1) -> str:
        """Read the log of one attempt of a task, a line per event."""
        path = f"{task_path(dag_id, run_id, task_id)}/logs/{attempt}"
        events = self._json("GET", path, params={"map_index": map_index, "full_content": True})["content"]
        return "\n".join(event["event"] if isinstance(event, dict) else event for event in events)

    def get(self, path: str, **params: object) -> Json:
        """Read any other address of the API, such as `/api/v2/pools`."""
        return self._json("GET", path, params=params)

    def post(self, path: str, body: Json) -> Json:
        """Have something done, or list what a body describes."""
        return self._json("POST", path, json=body)

    def patch(self, path: str, body: Json) -> Json:
        """Change something."""
        return self._json("PATCH", path, json=body)

    def _pages(self, path: str, key: str, **params: object) -> list[Json]:
        rows: list[Json] = []
        while True:
            page = self._json("GET", path, params={**params, "limit": PAGE, "offset": len(rows)})
            rows += page[key]
            if len(page[key]) < PAGE or len(rows) >= page["total_entries"]:
                return rows

    def _json(self, method: str, path: str, **request: Any) -> Json:
        answer = self._send(method, path, headers={"Authorization": f"Bearer {self.token()}"}, **request)
        return cast("Json", answer.json())

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise ApiUnavailable(f"no answer from {self.url}{path}: {error}") from error
        if answer.is_success:
            return answer
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # The token has expired: the next request signs in again.
            self._token = None
        raise refusal(answer)


def refusal(answer: httpx.Response) -> ApiRefused | ApiUnavailable:
    """Turn an answer that is no success into the error of its kind."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.text.strip() or answer.reason_phrase
    message = f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {detail}"
    if answer.is_server_error:
        return ApiUnavailable(message)
    kind = {404: ApiNotFound, 409: RunExists}.get(answer.status_code, ApiRefused)
    error = kind(message)
    error.status = answer.status_code
    return error


def dag_path(dag_id: str) -> str:
    """Address of a DAG."""
    return f"/api/v2/dags/{quote(dag_id, safe='')}"


def run_path(dag_id: str, run_id: str) -> str:
    """Address of a run."""
    return f"{dag_path(dag_id)}/dagRuns/{quote(run_id, safe='')}"


def task_path(dag_id: str, run_id: str, task_id: str) -> str:
    """Address of a task in a run."""
    return f"{run_path(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}"
