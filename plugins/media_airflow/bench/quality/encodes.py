"""Encodes of a film in one piece and in segments, without the engine around them: what jobs are compared with."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_ops.algorithm import EncodeAlgorithm, EncoderSettings
from media_ops.encoders.chosen import settings_of
from media_ops.encoders.passes import second_pass
from media_ops.registry import get

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex

Settings = Callable[[str], EncoderSettings]


@dataclass(frozen=True)
class Encoded:
    """Files of one encode, in order, and the bytes of their packets; `edges` are the ranks they were cut at."""

    files: list[Path]
    size: int
    edges: list[int]


class Film:
    """A film to encode again and again."""

    def __init__(self, path: Path) -> None:
        from media_ops.frames.indexing import build_index

        self.path = path
        self.index: FrameIndex = build_index(path)

    @property
    def seconds(self) -> float:
        """How long it is shown."""
        return float((self.index.ends - int(self.index.frame_pts[0])) * self.index.facts.time_base)

    def constant(self, algorithm: str, params: dict[str, Any], edges: Sequence[int], folder: Path) -> Encoded:
        """Encode at constant quality as jobs do, cut at `edges`, the film's ends included."""
        settings = settings_of(get(algorithm).from_params(params))
        return self._encode(edges, folder, lambda start, end: [lambda stats: settings])

    def at_rate(
        self, algorithm: str, params: dict[str, Any], rate: int, edges: Sequence[int], folder: Path
    ) -> Encoded:
        """Encode with two passes at so many bits a second, each segment by itself; the usual first pass has it too.

        In one piece this is what everybody does; in segments, what chunking encoders do.
        """
        kind = get(algorithm).from_params(params)
        assert isinstance(kind, EncodeAlgorithm)
        settings = settings_of(kind)
        if settings.codec == "libsvtav1":
            return self._encode(
                edges, folder, lambda start, end: [lambda stats: second_pass(settings, rate, rate, stats)]
            )

        def first(stats: str) -> EncoderSettings:
            second = second_pass(settings, rate, rate, stats)
            if settings.codec == "libx265":
                return replace(second, params=second.params | {"pass": "1", "slow-firstpass": "0"}, number=1)
            return replace(second, number=1)

        passes: list[Settings] = [first, lambda stats: second_pass(settings, rate, rate, stats)]
        return self._encode(edges, folder, lambda start, end: passes)

    def frames(self, start: int, end: int) -> Iterator[Any]:
        """Decode a part."""
        from media_ops.frames.reader import FrameReader

        return (frame for _, frame in FrameReader(str(self.path), self.index.rows(start, end)))

    def _encode(self, edges: Sequence[int], folder: Path, passes: Callable[[int, int], list[Settings]]) -> Encoded:
        from media_ops.rate.passlog import stats_path

        files, size = [], 0
        for start, end in pairwise(edges):
            place = folder / f"{start}-{end}"
            place.mkdir(parents=True, exist_ok=True)
            with stats_path(place) as stats:
                for one in passes(start, end):
                    made = self._once(start, end, one(stats), place / "made.nut")
                    gc.collect()  # the encoder writes what it noted when it goes
            files.append(place / "made.nut")
            size += made
        return Encoded(files, size, list(edges))

    def _once(self, start: int, end: int, settings: EncoderSettings, path: Path) -> int:
        from media_ops.encoders.segment import SegmentEncoder

        times = self.index.frame_pts[start:end].tolist()
        seen = end if settings.number else min(self.index.frames, end + settings.ahead)
        with SegmentEncoder(path, settings, self.index.facts, times, 1, ahead=seen > end) as encoder:
            for rank, frame in enumerate(self.frames(start, seen), start):
                feed = encoder.encode if rank < end else encoder.show
                feed(encoder.convert(frame))
            encoder.finish()
        return encoder.size


def vmaf_of(film: Film, files: Sequence[Path]) -> float:
    """Give the mean VMAF of all frames of these files, in order."""
    from media_ops.container.joined import open_intermediate
    from media_ops.quality.vmaf import Vmaf

    facts = film.index.facts

    def shown() -> Iterator[Any]:
        for path in files:
            with open_intermediate(str(path)) as container:
                yield from container.decode(video=0)

    with Vmaf(facts.width, facts.height) as program:
        for one, other in zip(film.frames(0, film.index.frames), shown(), strict=True):
            program.add(one, other)
        return float(program.scores().mean())


def bytes_of(path: Path) -> int:
    """Count the bytes of the picture's packets."""
    from media_ops.container.joined import open_intermediate

    with open_intermediate(str(path)) as container:
        return sum(packet.size for packet in container.demux(video=0))
