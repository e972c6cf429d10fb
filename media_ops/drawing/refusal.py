"""What cannot be drawn."""

from __future__ import annotations


class CannotDraw(ValueError):
    """Something cannot be drawn as asked; the text names the parameter and the reason."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(f"parameter {parameter}: {reason}")
