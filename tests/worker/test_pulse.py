"""Signs of life: everything that may take long gives them, or says before that it will be silent."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_ops import pulse
from media_ops.errors import StoreUnavailable

Told = list[tuple[int, float]]
MIB = 2**20


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """Hear everything that is told, at once."""
    heard: Told = []
    monkeypatch.setattr(pulse, "_EVERY", 0.0)
    monkeypatch.setattr(pulse, "_pulse", pulse._Pulse())
    pulse.listen(lambda beats, seconds: heard.append((beats, seconds)))
    yield heard
    pulse.listen(None)


def test_beats_are_counted_and_told_now_and_then(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse.beat()
    pulse.beat()
    assert told == [(1, 0.0), (2, 0.0)]
    monkeypatch.setattr(pulse, "_EVERY", 60.0)
    for _ in range(100):
        pulse.beat()
    assert told[2:] == [(3, 0.0)]


def test_a_silence_is_announced_and_its_end_is_a_beat(told: Told) -> None:
    with pulse.quiet(100):
        with pulse.quiet(30):
            pass
        assert told == [(0, 100), (0, 100), (1, 100)]
    assert told[-1] == (2, 0.0)


def test_a_silence_ends_with_an_error_too(told: Told) -> None:
    with pytest.raises(ValueError, match="broken"), pulse.quiet(100):
        raise ValueError("broken")
    assert told[-1] == (1, 0.0)


def test_the_longest_of_several_threads_counts(told: Told) -> None:
    inside, leave = threading.Event(), threading.Event()

    def wait() -> None:
        with pulse.quiet(50):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=wait)
    thread.start()
    inside.wait(10)
    with pulse.quiet(20):
        assert told[-1][1] == 50
    leave.set()
    thread.join()
    assert told[-1][1] == 0


def test_a_step_of_no_length_is_a_beat_only(told: Told) -> None:
    with pulse.quiet(-40):
        pass
    assert told == [(1, 0.0)]


def test_each_block_of_a_copy_and_of_a_digest_is_a_sign(told: Told) -> None:
    import hashlib

    from media_ops.storage.passing import pour, sha256_of

    data = bytes(range(256)) * (5 * MIB // 256) + b"more"
    copy = io.BytesIO()
    pour(io.BytesIO(data), copy)
    assert (copy.getvalue() == data, told[-1][0]) == (True, 6)
    assert sha256_of(io.BytesIO(data)) == hashlib.sha256(data).hexdigest()
    assert told[-1][0] == 12


def test_the_disk_is_given_time_for_a_large_file(told: Told, tmp_path: Path) -> None:
    from media_ops.storage.durable import sync

    with (tmp_path / "large").open("wb") as file:
        file.truncate(20 * 2**30)
    sync(tmp_path / "large")
    assert told[0][1] > 2000


def test_each_packet_that_is_read_is_a_sign(told: Told, clip: Callable[[str], Path]) -> None:
    from media_ops.frames.indexing import build_index

    frames = build_index(clip("plain.mp4")).frames
    assert told[-1][0] >= frames


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
def test_an_encoder_gives_a_sign_for_each_frame_that_it_held(
    told: Told, clip: Callable[[str], Path], tmp_path: Path, codec: str
) -> None:
    from dataclasses import replace

    from media_ops.algorithm import EncoderSettings
    from media_ops.encoders.segment import SegmentEncoder
    from media_ops.frames.film import Film
    from media_ops.frames.indexing import build_index

    source = clip("tiny.mp4")
    index = build_index(source)
    made = tmp_path / "made.nut"
    facts = replace(index.facts)
    with SegmentEncoder(made, EncoderSettings(codec), facts, index.frame_pts.tolist(), 1) as encoder:
        for frame in Film(str(source)).play():
            encoder.encode(encoder.convert(frame))
        before = told[-1][0]
        encoder.finish()
        assert told[-1][0] - before > 10
    assert build_index(made).frames == 25


def test_a_store_out_of_reach_is_waited_for_as_long_as_patience_lasts(told: Told) -> None:
    from media_ops.storage.s3 import S3Store
    from media_ops.storage.s3_settings import S3Settings

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings = S3Settings(
            endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}",
            access_key="a",
            secret_key="b",
            patience=0.3,
            connect_timeout=2,
            read_timeout=3,
        )
        store = S3Store(settings, "bucket")
        with pytest.raises(StoreUnavailable):
            store.stat("key")
    assert max(seconds for _, seconds in told) == pytest.approx(5.3)
    assert told[-1][1] == 0


def test_a_web_server_that_does_not_answer_is_waited_for_as_long_as_patience_lasts(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_ops.storage.web import WebObject

    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", "127.0.0.1")
    monkeypatch.setenv("MEDIA_OPS_HTTP_PRIVATE", "1")
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "0.3")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(StoreUnavailable):
            WebObject(f"http://127.0.0.1:{taken.getsockname()[1]}/film.mp4")
    assert max(seconds for _, seconds in told) == pytest.approx(40.3)


def test_an_algorithm_has_time_to_begin_and_says_itself_if_a_call_takes_long(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_ops.algorithm import FrameAlgorithm
    from media_ops.performance import guarded

    class Slow(FrameAlgorithm):
        quiet_seconds = 90

    algorithm = Slow.__new__(Slow)
    guarded(algorithm, "setup", lambda: None)
    assert max(told)[1] == 0
    assert [seconds for _, seconds in told] == [300, 0]
    guarded(algorithm, "process", lambda: None)
    assert [seconds for _, seconds in told[2:]] == [90, 0]
