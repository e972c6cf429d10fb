"""Where a drawing lies in the picture that is shown."""

from __future__ import annotations

from typing import Literal

from media_ops.drawing.refusal import CannotDraw

Align = Literal["left", "center", "right"]

_ACROSS: dict[str, float] = {"left": 0.0, "center": 0.5, "right": 1.0}
_DOWN: dict[str, float] = {"top": 0.0, "center": 0.5, "bottom": 1.0}
PLACES = tuple(
    across if down == across else f"{down}-{across}" for down in ("top", "center", "bottom") for across in _ACROSS
)
PATTERN = rf"^({'|'.join(PLACES)}|[0-9]{{1,5}},[0-9]{{1,5}})$"


def place(position: str, size: tuple[int, int], frame: tuple[int, int], margin: int) -> tuple[int, int]:
    """Give the left column and top row of a drawing of `size`, which fits into `frame`.

    The margin yields where there is no room for it. Raises `CannotDraw` where "x,y" puts any of it outside.
    """
    if position not in PLACES:
        x, y = (int(number) for number in position.split(","))
        if x + size[0] > frame[0] or y + size[1] > frame[1]:
            raise CannotDraw(
                "position",
                f"from {x},{y} on, {size[0]}x{size[1]} pixels do not lie inside the picture of {frame[0]}x{frame[1]}",
            )
        return x, y
    down, _, across = position.rpartition("-")
    shares = _ACROSS[across], _DOWN[down or across]
    x, y = (
        round(border + (whole - part - 2 * border) * share)
        for whole, part, share in zip(frame, size, shares, strict=True)
        for border in [min(margin, (whole - part) // 2)]
    )
    return x, y


def alignment(position: str) -> Align:
    """Say to which side the lines of a text are aligned there."""
    if position.endswith("right"):
        return "right"
    return "center" if position.endswith("center") else "left"
