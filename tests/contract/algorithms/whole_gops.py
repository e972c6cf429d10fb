"""Only takes whole GOPs: its memory begins anew where they do."""

from __future__ import annotations

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Picture, Window
from media_ops.need import Need


class WholeGops(FrameAlgorithm):
    """Pass frames of whole GOPs."""

    version = "1.0.0"
    Params = FrameParams

    def need(self) -> Need:
        return Need(gops=(1, 0))

    def process(self, window: Window) -> Picture:
        return list(window.picture)
