"""The settings one segment is encoded with, out of what the first pass over the whole film found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_ops.algorithm import Algorithm, EncodeAlgorithm, EncoderSettings
from media_ops.encoders import chosen
from media_ops.encoders.passes import FILL, at_quality, buffered, second_pass
from media_ops.errors import OurError
from media_ops.firstpass import passlog_key
from media_ops.on_stage import read
from media_ops.rate.passlog import unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from media_ops.requests import ProcessRequest
    from media_ops.storage import Store

# By how much a segment may miss its rate before it is encoded again, and how often that is done. One-pass VBR of
# SVT-AV1 is off by 5 to 20 % in segments of 10 s.
_SLACK = {"libx264": 0.015, "libx265": 0.015, "libsvtav1": 0.03}
_TRIES = {"libx264": 2, "libx265": 2, "libsvtav1": 3}
# A picture that is simple enough takes fewer bits, whatever it is offered.
_MOST_CHANGE = 2.0


class Aimed:
    """Gives settings, and better ones where what came of them misses the rate; `counts` is what they depend on."""

    def __init__(self, algorithm: Algorithm, request: ProcessRequest, store: Store, seconds: float) -> None:
        self._seconds = seconds
        self._tries = 0
        self._asked = 0.0
        self._level_rate = 0
        self._settings = chosen.settings_of(algorithm)
        self.counts: dict[str, Any] = {}
        if isinstance(algorithm, EncodeAlgorithm):
            self._aim_at(algorithm, request, store)

    def _aim_at(self, algorithm: EncodeAlgorithm, request: ProcessRequest, store: Store) -> None:
        from media_ops.storage.artefact import unpacked

        aim = algorithm.aim()
        if aim.maxrate and (request.fill or request.segment.start):
            fill = request.fill or FILL
            self._settings = buffered(self._settings, aim, fill)
            self.counts["fill"] = fill
        if algorithm.looks() == "no":
            return
        if request.artefact is None:
            raise OurError(f"segment {request.segment.order} was to be encoded before its first pass was known")
        found = unpacked(read(store, request.artefact))
        own = _own(found, request.segment.start)
        if aim.metric:
            self._settings = at_quality(self._settings, float(own["crfs"]))
            self.counts["crf"] = float(own["crfs"])
            return
        self._asked = float(own["rates"])
        # x264 reckons with twice the film's rate; x265 lowers what its level does not allow, so the busiest counts.
        busiest = round(_MOST_CHANGE * max(float(found["rates"].max()), aim.maxrate or 0))
        self._level_rate = busiest if self._settings.codec == "libx265" else aim.bitrate or 0
        self.counts |= {"rate": self._asked, "passlog": str(own["passlogs"]), "level": self._level_rate}
        self._passlog = read(store, passlog_key(request.prefix, str(own["passlogs"]))) if own["passlogs"] else b""

    def prepare(self, folder: Path) -> None:
        """Put what the first pass left into `folder`."""
        if self._asked and self._passlog:
            unpack(self._passlog, folder)

    def settings(self, stats: str) -> EncoderSettings:
        """Give the settings to begin with; the first pass's files have names beginning with `stats`."""
        return second_pass(self._settings, self._asked, self._level_rate, stats) if self._asked else self._settings

    def better(self, size: int, stats: str) -> EncoderSettings | None:
        """Give settings that come closer, after so many bytes; None where that will do, or cannot be helped."""
        codec = self._settings.codec
        if not self._asked or self._tries >= _TRIES[codec]:
            return None
        wanted = self.counts["rate"]
        missed = 8 * size / self._seconds / wanted
        if abs(missed - 1) <= _SLACK[codec]:
            return None
        self._tries += 1
        self._asked = min(_MOST_CHANGE * wanted, max(wanted / _MOST_CHANGE, self._asked / missed))
        return second_pass(self._settings, self._asked, self._level_rate, stats)


def _own(found: Mapping[str, NDArray[Any]], start: int) -> dict[str, Any]:
    places = (found["starts"] == start).nonzero()[0]
    if len(places) != 1:
        raise OurError(f"the first pass knows nothing of a segment that begins at frame {start}")
    return {name: found[name][places[0]] for name in ("rates", "passlogs", "crfs") if name in found}
