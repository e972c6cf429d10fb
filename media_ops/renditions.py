"""Several results of one decode: which requests they are, each as a plain job's, and what was found for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from media_ops import registry
from media_ops.algorithm import Algorithm
from media_ops.on_stage import read
from media_ops.requests import AnalyseRequest, MergeRequest, ProcessRequest

if TYPE_CHECKING:
    from media_ops.storage import Store

R = TypeVar("R", AnalyseRequest, ProcessRequest, MergeRequest)


@dataclass(frozen=True)
class Found:
    """Keys of what was found for each rendition, by its name, of a source of so many `lines`."""

    lines: int
    keys: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """Pack it as the artefacts of algorithms are."""
        import numpy as np

        from media_ops.storage.artefact import packed

        names, keys = np.array(list(self.keys.keys())), np.array(list(self.keys.values()))
        return packed({"lines": np.array(self.lines), "names": names, "keys": keys})

    @classmethod
    def read(cls, store: Store, key: str) -> Found:
        """Undo `to_bytes`, of an object."""
        from media_ops.storage.artefact import unpacked

        found = unpacked(read(store, key))
        keys = zip(found["names"].tolist(), found["keys"].tolist(), strict=True)
        return cls(int(found["lines"]), dict(keys))


def each_of(request: R, store: Store, lines: int) -> Iterator[tuple[str, Algorithm, R]]:
    """Give name, algorithm and plain request of each result; of a plain job, its own."""
    algorithm = registry.get(request.algorithm).from_params(request.params)
    if not algorithm.several:
        yield "", algorithm, request
        return
    found = Found.read(store, request.artefact).keys if request.artefact else {}
    for name, each in algorithm.renditions(lines).items():
        params = each.params.model_dump(mode="json")
        own = {"algorithm": each.name(), "params": params, "artefact": found.get(name)}
        yield name, each, request.model_copy(update=own)
