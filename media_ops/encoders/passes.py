"""The settings of an encoder's two passes."""

from __future__ import annotations

import math
from dataclasses import replace

from media_ops.algorithm import EncoderSettings
from media_ops.errors import OurError
from media_ops.rate.aim import Aim

# Quality that usually gives so many bits a pixel, and how many steps of it halve them; the least and the most to
# begin with. Being off by ten steps changes nothing that can be measured: what is measured is brought to the rate.
_USUAL = {
    "libx264": (23.0, 0.08, 6.0, 12.0, 48.0),
    "libx265": (27.0, 0.05, 6.5, 14.0, 48.0),
    "libsvtav1": (35.0, 0.04, 9.0, 15.0, 60.0),
}
# SVT-AV1's warns of presets above.
_FASTEST_AV1 = 10
FIRST_PASS_FILES = {"libx264", "libx265"}
# The fill at which a segment begins that is not the film's first. With the usual 0.9 the joined stream of six
# segments had 17 underflows, with 0.6 none.
FILL = 0.6


def first_crf(codec: str, bits_per_pixel: float) -> float:
    """Guess the quality at which a film has so many bits a pixel."""
    crf, usual, halving, least, most = _USUAL[codec]
    return round(min(most, max(least, crf - halving * math.log2(bits_per_pixel / usual))), 1)


def coarsest(codec: str) -> float:
    """Give the last quality that a first pass begins with."""
    return _USUAL[codec][4]


def first_pass(settings: EncoderSettings, crf: float, stats: str) -> EncoderSettings:
    """Constant quality, quickly; x264 and x265 write files whose names begin with the path `stats`."""
    options, params = dict(settings.options), dict(settings.params)
    for buffered in ("vbv-maxrate", "vbv-bufsize", "vbv-init"):
        params.pop(buffered, None)
    if settings.codec == "libx264":  # FFmpeg makes the first pass fast where the flag is set
        return replace(settings, options=options | {"crf": f"{crf:g}", "stats": stats}, params=params, number=1)
    if settings.codec == "libx265":
        params |= {"crf": f"{crf:g}", "pass": "1", "stats": stats, "slow-firstpass": "0"}
        return replace(settings, params=params, number=1)
    if settings.codec == "libsvtav1":
        preset = max(int(options["preset"]), min(_FASTEST_AV1, int(options["preset"]) + 2))
        return replace(
            settings, options=options | {"preset": str(preset)}, params=params | {"crf": f"{crf:g}"}, number=1
        )
    raise OurError(f"{settings.codec} has no first pass")


def second_pass(settings: EncoderSettings, rate: float, level_rate: int, stats: str) -> EncoderSettings:
    """So many bits a second, and a level for `level_rate`.

    x264 and x265 read the files whose names begin with the path `stats`.
    """
    options, params = dict(settings.options), dict(settings.params)
    # What the first pass saw behind the end is in what it noted.
    settings = replace(settings, level_rate=level_rate, number=2, ahead=0)
    if settings.codec == "libx264":
        options.pop("crf")
        return replace(settings, options=options | {"b": str(round(rate)), "stats": stats}, params=params)
    params.pop("crf")
    thousands = str(max(1, round(rate / 1000)))
    if settings.codec == "libx265":
        return replace(settings, params=params | {"bitrate": thousands, "pass": "2", "stats": stats})
    if settings.codec == "libsvtav1":  # its second pass wants statistics that FFmpeg's encoder cannot be given
        return replace(settings, params=params | {"rc": "1", "tbr": thousands})
    raise OurError(f"{settings.codec} has no second pass")


def buffered(settings: EncoderSettings, aim: Aim, fill: float | None = None) -> EncoderSettings:
    """Keep within a decoder's buffer, which holds the share `fill` of itself when the segment begins."""
    if aim.maxrate is None or aim.bufsize is None:
        return settings
    params = {"vbv-maxrate": str(aim.maxrate // 1000), "vbv-bufsize": str(aim.bufsize // 1000)}
    if fill is not None:
        params["vbv-init"] = f"{fill:.3f}"
    return replace(settings, params=settings.params | params)


def at_quality(settings: EncoderSettings, crf: float) -> EncoderSettings:
    """The same at another constant quality."""
    if settings.codec == "libx264":
        return replace(settings, options=settings.options | {"crf": f"{crf:g}"})
    return replace(settings, params=settings.params | {"crf": f"{crf:g}"})
