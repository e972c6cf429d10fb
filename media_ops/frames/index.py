"""The frame index: every packet of the video in decoding order, every frame in presentation order."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_ops.errors import OurError
from media_ops.frames.entries import Entry
from media_ops.frames.findings import Findings
from media_ops.frames.light import NO_LIGHT, Light

Int = NDArray[np.int64]
NO_PTS = -(2**63)
PROGRESSIVE = 1
_FORMAT = "media-ops-index-3"
_OF_ROWS = ("entry", "first", "frames", "begins", "ends")


@dataclass(frozen=True)
class Facts:
    """What the decoder's side says of the video stream; the encoder and the container copy it.

    Numbers of `colour` are ISO/IEC 23091-2 code points as FFmpeg counts them; `rate` is frames per second;
    `field_order` is FFmpeg's, 0 where it is not known; `extras` are named for the job's warnings.
    """

    codec: str
    container: str
    time_base: Fraction
    rate: Fraction
    width: int
    height: int
    pixel_format: str
    colour: tuple[int, int, int, int] = (2, 2, 2, 0)
    chroma_location: str | None = None
    sample_aspect_ratio: Fraction | None = None
    interlaced: bool = False
    display_matrix: tuple[int, ...] | None = None
    field_order: int = 0
    light: Light = NO_LIGHT
    extras: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON, fractions as text."""
        plain = {k: str(v) if isinstance(v, Fraction) else v for k, v in self.__dict__.items()}
        return plain | {"light": self.light.__dict__}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Facts:
        """Undo `to_json`."""
        for name in ("time_base", "rate", "sample_aspect_ratio"):
            data[name] = Fraction(data[name]) if data[name] is not None else None
        data["colour"], data["extras"] = tuple(data["colour"]), tuple(data["extras"])
        data["light"] = Light(**{name: tuple(numbers) for name, numbers in data["light"].items()})
        data["display_matrix"] = tuple(data["display_matrix"]) if data["display_matrix"] else None
        return cls(**data)


@dataclass(frozen=True)
class Rows:
    """The part of an index that one segment needs: packets from its entry to its last one, and its frames.

    `entry` and `order` are positions in decoding order in the whole file; `pts`, `dts`, `size`, `pos` describe the
    packets from `entry` on; `order` and `frame_pts` describe the frames [first, last). Of the whole film they know
    the number of `frames`, its first PTS, and when its last frame is over.
    """

    facts: Facts
    entry: int
    first: int
    pts: Int
    dts: Int
    size: Int
    pos: Int
    order: Int
    frame_pts: Int
    frames: int = 0
    begins: int = 0
    ends: int = 0

    def to_bytes(self) -> bytes:
        """Pack as one columnar object."""
        head = {"format": _FORMAT, "facts": self.facts.to_json()}
        head |= {name: getattr(self, name) for name in _OF_ROWS}
        return _pack(head, {n: getattr(self, n) for n in ("pts", "dts", "size", "pos", "order", "frame_pts")})

    @classmethod
    def from_bytes(cls, data: bytes) -> Rows:
        """Undo `to_bytes`."""
        head, columns = _unpack(data)
        fields: dict[str, Any] = {name: head[name] for name in _OF_ROWS} | columns
        return cls(facts=Facts.from_json(head["facts"]), **fields)


@dataclass(frozen=True)
class FrameIndex:
    """Columns of int64, one row a packet (decoding order) or a frame (presentation order, called rank).

    Packets: `pts`, `dts` (`NO_PTS` where unknown), `duration`, `size`, `pos`, `entry` (values of `Entry`).
    Frames: `order[rank]` is the packet that carries the frame, `frame_pts[rank]` its presentation time. Packets that
    carry none may still be needed: a frame's second field, a picture that is only referred to.
    """

    facts: Facts
    built_by: str
    pts: Int
    dts: Int
    duration: Int
    size: Int
    pos: Int
    entry: Int
    order: Int
    frame_pts: Int
    findings: Findings = field(default_factory=Findings)

    @property
    def frames(self) -> int:
        """Number of presented frames."""
        return len(self.order)

    @property
    def last_duration(self) -> int:
        """Ticks for which the last frame is shown."""
        last = int(self.duration[self.order[-1]])
        return last if last > 0 else self.typical_gap

    @property
    def ends(self) -> int:
        """Time at which the last frame is over."""
        return int(self.frame_pts[-1]) + self.last_duration

    @property
    def typical_gap(self) -> int:
        """Median distance of two frames in ticks, at least 1."""
        gaps = np.diff(self.frame_pts)
        gaps = gaps[gaps > 0]
        return (
            max(1, int(np.median(gaps))) if len(gaps) else max(1, round(1 / self.facts.rate / self.facts.time_base))
        )

    def entry_ranks(self) -> Int:
        """Ranks at which a segment without warm-up may start at no extra decoding, ascending, 0 included."""
        rank = np.full(len(self.pts), -1, np.int64)
        rank[self.order] = np.arange(self.frames)
        found = rank[np.flatnonzero(self.entry != Entry.NONE)]
        return np.unique(np.append(found[found >= 0], 0))

    def closed_ranks(self) -> Int:
        """Ranks at which a closed GOP begins, ascending, 0 included."""
        rank = np.full(len(self.pts), -1, np.int64)
        rank[self.order] = np.arange(self.frames)
        found = rank[np.flatnonzero(self.entry == Entry.CLOSED)]
        return np.unique(np.append(found[found >= 0], 0))

    def entry_before(self, rank: int) -> int:
        """Find the last packet from which every frame of `rank` and later decodes exactly; 0 where none is known.

        It must come, in decoding order, before all of them, and be presented at or before `rank`: then its leading
        pictures, which may refer to what came earlier, are never wanted.
        """
        earliest = int(self.order[rank:].min())
        usable = np.flatnonzero(self.entry[: earliest + 1] != Entry.NONE)
        shown = self.pts[usable] if self.built_by == "packets" else self._shown(usable)
        usable = usable[shown <= self.frame_pts[rank]]
        return int(usable[-1]) if len(usable) else 0

    def rows(self, first: int, last: int) -> Rows:
        """Cut out what is needed to read the frames [first, last)."""
        entry = self.entry_before(first)
        packets = slice(entry, self._end(int(self.order[first:last].max())))
        return Rows(
            self.facts,
            entry,
            first,
            self.pts[packets],
            self.dts[packets],
            self.size[packets],
            self.pos[packets],
            self.order[first:last],
            self.frame_pts[first:last],
            self.frames,
            int(self.frame_pts[0]),
            self.ends,
        )

    def _end(self, packet: int) -> int:
        """Find where to stop behind `packet`: a second field may lie before the packet of the next frame."""
        if self.built_by == "packets":
            return packet + 1
        carriers = np.sort(self.order)
        following = int(np.searchsorted(carriers, packet, "right"))
        return int(carriers[following]) if following < len(carriers) else len(self.pts)

    def head(self, frames: int) -> FrameIndex:
        """Give the index of a source that ends after its first `frames` frames, and the packets that they need."""
        if frames >= self.frames:
            return self
        packets = slice(0, self._end(int(self.order[:frames].max())))
        columns: dict[str, Any] = {
            name: getattr(self, name)[packets] for name in ("pts", "dts", "duration", "size", "pos", "entry")
        }
        end = int(self.frame_pts[frames])
        damage = tuple(span for span in self.findings.damage if span[0] < end)
        columns["findings"] = self.findings._replace(damage=damage)
        return replace(self, order=self.order[:frames], frame_pts=self.frame_pts[:frames], **columns)

    def to_bytes(self) -> bytes:
        """Pack as one columnar object."""
        columns = ("pts", "dts", "duration", "size", "pos", "entry", "order", "frame_pts")
        head = {
            "format": _FORMAT,
            "facts": self.facts.to_json(),
            "built_by": self.built_by,
            "findings": self.findings.to_json(),
        }
        return _pack(head, {name: getattr(self, name) for name in columns})

    @classmethod
    def from_bytes(cls, data: bytes) -> FrameIndex:
        """Undo `to_bytes`."""
        head, columns = _unpack(data)
        findings = Findings.from_json(head["findings"])
        return cls(Facts.from_json(head["facts"]), head["built_by"], findings=findings, **columns)

    def _shown(self, packets: Int) -> Int:
        """Presentation times of packets by the decoder's word; a packet that gave no frame is shown never."""
        times = np.full(len(self.pts), np.iinfo(np.int64).max)
        times[self.order] = self.frame_pts
        return times[packets]


def _pack(head: dict[str, Any], columns: dict[str, Int]) -> bytes:
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(head).encode(), np.uint8)
    np.savez_compressed(buffer, allow_pickle=False, head=text, **columns)
    return buffer.getvalue()


def _unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Int]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        columns = {name: loaded[name] for name in loaded.files}
    head = json.loads(columns.pop("head").tobytes())
    if head["format"] != _FORMAT:
        raise OurError(f"an index of format {head['format']!r} cannot be read by this version ({_FORMAT})")
    return head, columns
