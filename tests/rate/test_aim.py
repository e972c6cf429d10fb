"""What a job aims at, and what is refused before it begins."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from media_ops.errors import ParamsInvalid
from media_ops.rate.admitted import admit_rates
from media_ops.rate.aim import Aim, bits, told
from media_ops.registry import get

HD = (1920, 1080)


@pytest.mark.parametrize(
    ("text", "rate"), [("900k", 900_000), ("2.5M", 2_500_000), ("800000", 800_000), ("0.5k", 500), ("1M", 1_000_000)]
)
def test_rates_are_read(text: str, rate: int) -> None:
    assert bits(text) == rate


@pytest.mark.parametrize("text", ["", "k", "900 k", "900K", "-5k", "1e6", "2,5M", "0k", "900kb"])
def test_other_words_are_no_rates(text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        bits(text)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"bitrate": "fast"}, "bitrate"),
        ({"bitrate": "0.5k"}, "less than one"),
        ({"bitrate": "2M", "maxrate": "1M"}, "below the bit rate"),
        ({"bufsize": "2M"}, "without maxrate"),
        ({"bitrate": "2M", "lossless": True}, "lossless"),
        ({"maxrate": "2M", "lossless": True}, "lossless"),
    ],
)
def test_wishes_that_exclude_each_other_are_refused(params: dict[str, Any], reason: str) -> None:
    with pytest.raises(ParamsInvalid, match=reason):
        get("transcode_h264").from_params(params)


def test_av1_has_no_buffer() -> None:
    with pytest.raises(ParamsInvalid, match="maxrate: there is no such parameter"):
        get("transcode_av1").from_params({"maxrate": "2M"})


def test_the_buffer_is_twice_the_highest_rate_if_nothing_is_said() -> None:
    algorithm: Any = get("transcode_h265").from_params({"maxrate": "2M"})
    assert algorithm.aim() == Aim(None, 2_000_000, 4_000_000)
    assert (algorithm.looks(), type(algorithm).analyses()) == ("no", "joined")
    assert get("transcode_h265").from_params({"bitrate": "2M"}).looks() == "joined"


@pytest.mark.parametrize(
    ("aim", "codec", "size", "rule"),
    [
        (Aim(bitrate=1000), "libx264", (3840, 2160), "rate-too-low"),
        (Aim(bitrate=2000), "libx265", (64, 64), "rate-too-low"),
        (Aim(maxrate=5000), "libx264", HD, "rate-too-low"),
        (Aim(maxrate=3_000_000, bufsize=50_000), "libx264", HD, "rate-too-low"),
        (Aim(bitrate=1_100_000_000), "libx264", HD, "rate-too-high"),
        (Aim(bitrate=300_000_000), "libx265", HD, "rate-too-high"),
        (Aim(bitrate=200_000_000), "libsvtav1", HD, "rate-too-high"),
    ],
)
def test_rates_that_no_picture_can_have_are_refused(aim: Aim, codec: str, size: Any, rule: str) -> None:
    with pytest.raises(ParamsInvalid, match=r"film\.mp4: (bitrate|maxrate|bufsize): ") as refused:
        admit_rates("film.mp4", aim, codec, size, Fraction(25))
    assert refused.value.rule == rule


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
def test_usual_rates_are_admitted(codec: str) -> None:
    for rate in (60_000, 900_000, 5_000_000, 100_000_000):
        admit_rates("film.mp4", Aim(bitrate=rate, maxrate=rate, bufsize=2 * rate), codec, HD, Fraction(30))


def test_rates_are_told_in_units_that_people_use() -> None:
    assert (told(900_000), told(1_250_000), told(25_000_000)) == ("900 kbit/s", "1250 kbit/s", "25 Mbit/s")
