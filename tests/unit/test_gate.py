import pytest

from media_ops.planning.gate import MOST_SEGMENTS, Work, automatic_segments, segments_of_length


def work(seconds: float, cpu: float, workers: int = 2) -> Work:
    return Work(frames=int(seconds * 25), seconds=seconds, cpu_seconds=cpu, workers=workers)


@pytest.mark.parametrize(("seconds", "cpu"), [(5, 100), (19, 100), (300, 15)])
def test_declines_when_segments_would_be_too_small(seconds: float, cpu: float) -> None:
    count, reason = automatic_segments(work(seconds, cpu))
    assert count == 1
    assert reason is not None
    assert "too little work" in reason


def test_declines_with_one_worker() -> None:
    assert automatic_segments(work(600, 600, workers=1)) == (1, "there is one worker")


def test_three_minutes_on_two_workers_are_segments_of_thirty_seconds() -> None:
    assert automatic_segments(work(180, 160)) == (6, None)


@pytest.mark.parametrize("workers", [2, 3, 8])
def test_no_worker_idles_in_the_last_round(workers: int) -> None:
    count, _ = automatic_segments(work(900, 900, workers))
    assert count % workers == 0


def test_never_more_than_airflow_can_map() -> None:
    assert automatic_segments(work(10_000_000, 10_000_000))[0] <= MOST_SEGMENTS
    assert segments_of_length(work(10_000_000, 1), 0.1) <= MOST_SEGMENTS
