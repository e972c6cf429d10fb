"""Answer a request with what was made for an earlier one: without computing, and without reading the source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from media_ops.algorithm import Algorithm, FrameAlgorithm
from media_ops.content import result_key
from media_ops.errors import ObjectDamaged
from media_ops.model import JobOptions
from media_ops.publishing import KIND, Wanted, deliver, found
from media_ops.requests import Keeping, MergeResult
from media_ops.storage import open_store
from media_ops.storage.memo import Memo, identity
from media_ops.storage.shelf import Record, Shelf


class Recall:
    """Looks in `store` for the result of a job on `source`, as a file of `container`; that fetched `bytes_read`."""

    def __init__(
        self, store: str, algorithm: Algorithm, source: str, options: JobOptions, container: str, *, force: bool
    ) -> None:
        self._store = store
        self._algorithm = algorithm
        self._source = source
        self._options = options
        self._container = container
        self._force = force
        self._key = ""
        self._memo = Memo(open_store(store))
        self._identity = identity(source)
        self.bytes_read = self._identity.bytes_read

    def from_memo(self) -> Record | None:
        """Look for the result of a source that was read before."""
        sha256 = "" if self._force else self._memo.find(self._identity)
        return self._find(sha256, _digests(self._algorithm)) if sha256 else None

    def from_digest(self, sha256: str, files: Mapping[str, str]) -> Record | None:
        """Look for it once the source was read, under whatever name it had then; note its digest.

        `files` are the sha256 of files that parameters name.
        """
        now = identity(self._source)
        self.bytes_read += now.bytes_read
        if now.known == self._identity.known:
            self._memo.keep(now, sha256)
        return self._find(sha256, files)

    def publish(self, record: Record, wanted: Wanted) -> MergeResult | None:
        """Give what was found as this job's result; None where its bytes turn out to be damaged."""
        try:
            published = deliver(self._store, record, self._source, wanted)
        except ObjectDamaged:
            Shelf(open_store(self._store), KIND).forget(self._key)
            return None
        return MergeResult(
            output=published.output,
            proof_file=published.proof_file,
            proof=published.proof,
            reused=True,
            job={"bytes_read": self.bytes_read},
        )

    def _find(self, sha256: str, files: Mapping[str, str]) -> Record | None:
        keeping = keeping_of(
            self._store, self._algorithm, sha256, files, self._options, self._container, force=self._force
        )
        self._key = keeping.key if keeping else ""
        return found(keeping) if keeping else None


def keeping_of(
    store: str,
    algorithm: Algorithm,
    sha256: str,
    files: Mapping[str, str],
    options: JobOptions,
    container: str,
    *,
    force: bool,
) -> Keeping | None:
    """Say where a job's result is kept in `store`; None where it cannot be told who would make it."""
    key = result_key(algorithm, sha256, files, options, container)
    return Keeping(store=store, key=key, force=force) if key else None


def _digests(algorithm: Algorithm) -> dict[str, str]:
    if not isinstance(algorithm, FrameAlgorithm):
        return {}
    from media_ops.files import read_files

    return {name: hashlib.sha256(data).hexdigest() for name, data in read_files(algorithm).items()}
