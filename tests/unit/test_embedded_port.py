from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from media_airflow.embedded.exclusive import locked
from media_airflow.embedded.port import choose_port, is_free, read_port
from media_ops.errors import ToolMissing


def test_a_port_is_kept_until_somebody_takes_it(tmp_path: Path) -> None:
    port = choose_port(tmp_path)
    assert choose_port(tmp_path) == read_port(tmp_path) == port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert not is_free(port)
        assert choose_port(tmp_path) != port


def test_a_home_without_a_start_has_no_port(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="ever started"):
        read_port(tmp_path)


def test_starts_and_stops_wait_for_each_other(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with locked(tmp_path):
            order.append("second")

    with locked(tmp_path):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.1)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
