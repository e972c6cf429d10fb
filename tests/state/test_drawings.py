"""The files that show a job's attempts."""

from __future__ import annotations

import json
from typing import Any

from media_ops.state.chrome import chrome_trace
from media_ops.state.gantt import _BARS, HEIGHT, WIDTH, gantt
from media_ops.state.shown import lanes, shown
from media_ops.storage.traces import Trace


def trace(event: str, order: int, start: float, end: float | None, **known: Any) -> Trace:
    name = f"{event}-{order}-{known.get('attempt', 1)}"
    outcome = known.pop("outcome", "succeeded")
    return Trace(
        trace_id=name, job_id="j", dag_id="d", event=event, order=order, started=1e9 + start,
        ended=None if end is None else 1e9 + end, outcome=outcome, host=known.pop("host", "a"), **known,
    )  # fmt: skip


DIED = {"code": "child_died", "fate": "world", "message": "killed"}
TRACES = [
    trace("probe", -1, 0, 1),
    trace("process", 0, 1, 5),
    trace("process", 1, 1, 3, outcome="failed", error=DIED),
    trace("process", 1, 6, 9, attempt=2),
    trace("process", 2, 1, 2, reused=True, host="b"),
    trace("merge", -1, 10, 11),
    trace("merge", -1, 12, 13, attempt=2),  # cleared, which is no retry
]


def test_a_chrome_trace_shows_hosts_lanes_kills_and_retries() -> None:
    document = json.loads(json.dumps(chrome_trace(shown(TRACES), "j")))
    events = document["traceEvents"]
    hosts = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert sorted(hosts.values()) == ["a", "b"]
    bars = {event["args"]["trace_id"]: event for event in events if event["ph"] == "X"}
    assert len(bars) == len(TRACES)
    first, again = bars["process-1-1"], bars["process-1-2"]
    assert (first["ts"], first["dur"]) == (1_000_000_001_000_000, 2_000_000)
    assert (first["args"]["outcome"], first["args"]["error"]) == ("failed", DIED)
    assert again["name"] == "process 1 (try 2)"
    assert hosts[bars["process-2-1"]["pid"]] == "b"
    assert bars["process-0-1"]["tid"] != first["tid"]  # side by side
    (mark,) = (event for event in events if event["ph"] == "i")
    assert (mark["name"], mark["ts"]) == ("process 1: child_died", 1_000_000_003_000_000)
    start, finish = ([event for event in events if event["ph"] == phase] for phase in "sf")
    assert [(one["tid"], one["ts"] <= mark["ts"]) for one in start] == [(first["tid"], True)]
    assert [(one["tid"], one["ts"]) for one in finish] == [(again["tid"], again["ts"])]


def test_lanes_are_as_many_as_worked_side_by_side() -> None:
    rows = lanes(shown(TRACES))
    assert len(rows) == 3
    assert sum(map(len, rows)) == len(TRACES)
    for row in rows:
        assert all(a.until <= b.trace.started for a, b in zip(row, row[1:], strict=False))


def colours(picture: Any) -> set[str]:
    return {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in picture.getcolors(1 << 24)}


def test_a_gantt_chart_has_a_bar_for_each_attempt_in_its_colour() -> None:
    picture = gantt(shown(TRACES), "a job", "succeeded")
    assert picture.width == WIDTH
    assert {_BARS["succeeded"], _BARS["failed"], _BARS["reused"]} <= colours(picture)
    assert _BARS["cancelled"] not in colours(picture)
    without = gantt(shown(TRACES[:2]), "a job", "succeeded")
    assert _BARS["failed"] not in colours(without)
    assert without.height < picture.height


def test_hundreds_of_segments_share_rows_and_nothing_at_all_can_be_drawn_too() -> None:
    many = [trace("process", n, n // 4 * 2, n // 4 * 2 + 1.9) for n in range(400)]
    assert gantt(shown(many), "many", "").height < 400
    wide = [trace("process", n, 0, 5 + n) for n in range(1000)]
    assert gantt(shown(wide), "side by side", "").height < 2 * HEIGHT
    assert gantt([], "n\u00e9ant \u6620\u753b" * 40, "").width == WIDTH
