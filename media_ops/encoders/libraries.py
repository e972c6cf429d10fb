"""What differs between the encoder libraries, beside their options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from media_ops.frames.light import Light

Params = dict[str, str]


@dataclass(frozen=True)
class Library:
    """`params_option` takes the library's own parameters, `threads_param` is one of them; "" where there is none.

    `tag` names the sample entry in MP4 and MOV; `light_slack` is by how many units of `Light` the encoder's own
    number format may be off. `tells_colour` and `tells_aspect` say whether the coded stream holds these itself.
    """

    params_option: str
    threads_param: str
    light: Callable[[Light], Params]
    interlaced: bool = False
    odd_sizes: bool = False
    smallest: int = 2
    tag: str | None = None
    light_slack: int = 0
    tells_colour: bool = True
    tells_aspect: bool = True
    chroma_locations: tuple[str, ...] = ("left", "center", "topleft", "top", "bottomleft", "bottom")


def _display(light: Light) -> str:
    gx, gy, bx, by, rx, ry, wx, wy, most, least = light.display
    return f"G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy})L({most},{least})"


def _x264(light: Light) -> Params:
    params = {"mastering-display": _display(light)} if light.display else {}
    return params | ({"cll": f"{light.content[0]},{light.content[1]}"} if light.content else {})


def _x265(light: Light) -> Params:
    params = {"master-display": _display(light)} if light.display else {}
    return params | ({"max-cll": f"{light.content[0]},{light.content[1]}"} if light.content else {})


def _svtav1(light: Light) -> Params:
    params = {}
    if light.display:
        gx, gy, bx, by, rx, ry, wx, wy = (f"{number / 50000:.5f}" for number in light.display[:8])
        most, least = (f"{number / 10000:.4f}" for number in light.display[8:])
        params["mastering-display"] = f"G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy})L({most},{least})"
    return params | ({"content-light": f"{light.content[0]},{light.content[1]}"} if light.content else {})


def _nothing(light: Light) -> Params:
    return {}


LIBRARIES = {
    "ffv1": Library("", "", _nothing, odd_sizes=True, smallest=1, tells_colour=False, tells_aspect=False),
    "libx264": Library("x264-params", "threads", _x264, interlaced=True),
    # 16 is the smallest coding tree block that x265 takes.
    "libx265": Library("x265-params", "pools", _x265, smallest=16, tag="hvc1"),
    # AV1 counts light in 1/65536, 1/256 and 1/16384: rounding may be off by one of our units.
    "libsvtav1": Library(
        "svtav1-params",
        "lp",
        _svtav1,
        odd_sizes=True,
        smallest=4,
        tells_aspect=False,
        light_slack=1,
        chroma_locations=("left", "topleft"),
    ),
}
