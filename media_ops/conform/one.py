"""Try one file: a whole decode, the job, and a plain look at what it made."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from media_ops.account import Account, WitnessRequest
from media_ops.algorithm import FrameAlgorithm
from media_ops.conform.judge import Result, Seen, faults
from media_ops.conform.leash import Leash
from media_ops.conform.row import Finding, Outcome, Row
from media_ops.conform.wish import FIRST_FRAMES, MOST_MEGAPIXELS, Wish
from media_ops.crew import Crew, Event, Stopped
from media_ops.errors import MediaError
from media_ops.model import JobOptions, RunReport, Slicing
from media_ops.registry import get
from media_ops.rules import RULES
from media_ops.run import run
from media_ops.storage import open_store
from media_ops.trial import Made, Trial
from media_ops.worker.attempt import witness_attempt


@dataclass
class _Examiner(Trial):
    """Keeps what the judge needs of a job."""

    leash: Leash
    first_frames: int | None = None
    times: list[int | None] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    parts: Made | None = None

    def began(self, crew: Crew) -> None:
        self.leash.hold(crew)

    def made(self, made: Made) -> None:
        self.parts = made
        store = open_store(made.store)
        for result in made.results:
            with store.open(result.digests or "") as file:
                seen = Seen.read(Account(look="video"), file.read())
            self.times += seen.times
            self.digests += seen.digests

    def note(self, event: Event) -> None:
        if event.state == "retried":
            self.crashes.append(event.message)

    @property
    def peak_bytes(self) -> int:
        if self.parts is None:
            return 0
        made = self.parts
        metrics = [part.metrics for part in (made.probe, *made.results, made.audio, made.merged) if part]
        return max(metric.peak_bytes for metric in metrics)


@dataclass
class Attempted:
    """One file's way through the kit; `output` is where the job is to write, `scratch` an empty folder."""

    source: Path
    name: str
    output: Path
    scratch: Path
    wish: Wish
    leash: Leash
    crew_size: int = 1
    crashes: list[str] = field(default_factory=list)
    account: Account | None = None
    segments: int | None = None
    frames: int | None = None
    rule: str | None = None

    def finding(self) -> Finding:
        """Do it all. Whatever happens on the way becomes a row; `Stopped` is raised when everything ends."""
        began = time.monotonic()
        try:
            outcome, reason = self._outcome()
        except Stopped:
            if self.leash.pulled:
                raise
            outcome, reason = "wrong", f"no result within {time.monotonic() - began:.0f} s"
        except MediaError as error:
            outcome, reason = "wrong", str(error)
        kept = self.wish.keep is not None and self.output.is_file()
        row = Row(
            path=self.name,
            outcome=outcome,
            reason=self._plain(reason),
            segments=self.segments,
            frames=self.frames,
            output=str(self.output) if kept else None,
        )
        seen = self.account
        return Finding(
            row=row,
            container=seen.container if seen else "",
            codec=seen.codec if seen else "",
            seconds=round(time.monotonic() - began, 2),
            rule=self.rule,
        )

    def _outcome(self) -> tuple[Outcome, str | None]:
        source = self._look(self.source, "source")
        seen = self.account = source.account
        left_out = _no_film(seen)
        if left_out and not self.crashes:
            return "skipped", left_out
        self._grant(seen)
        examiner = _Examiner(self.leash, FIRST_FRAMES if seen.cut_off else None, crashes=self.crashes)
        report = self._run(seen, examiner)
        if report.error:
            return self._failed(report.error, seen)
        return self._succeeded(report, examiner, source)

    def _look(self, path: Path, key: str) -> Seen:
        """Have a child decode a file plainly; the time it may take grows with what it has decoded."""
        most = None if self.wish.full or key == "result" else MOST_MEGAPIXELS
        request = WitnessRequest(
            path=str(path), store=str(self.scratch / "seen"), key=key, first_frames=FIRST_FRAMES, most_megapixels=most
        )
        began = time.monotonic()

        def note(event: Event) -> None:
            if event.state == "progress":
                self.leash.until(began + self.wish.seconds_for(event.done))
            if event.state == "retried":
                self.crashes.append(event.message)

        with Crew(1, note) as crew:
            self.leash.hold(crew)
            account = crew.do("witness", lambda: witness_attempt(request))
        if account.refused is not None:
            return Seen(account, [], [])
        with open_store(request.store).open(key) as file:
            return Seen.read(account, file.read())

    def _grant(self, seen: Account) -> None:
        megapixels = seen.width * seen.height * seen.frames / 1e6
        if megapixels > MOST_MEGAPIXELS:
            self.leash.until(time.monotonic() + self.wish.seconds_for(megapixels))

    def _run(self, seen: Account, examiner: _Examiner) -> RunReport:
        segments = max(1, min(self.wish.segments, seen.frames))
        return run(
            self.wish.algorithm,
            [str(self.source)],
            str(self.output),
            self.wish.params,
            JobOptions(segments=segments),
            workers=self.crew_size,
            on_event=examiner.note,
            trial=examiner,
        )

    def _failed(self, error: dict[str, str], seen: Account) -> tuple[Outcome, str]:
        self.rule = error.get("rule")
        sentence = error["message"]
        if self.crashes or error["fate"] != "input":
            return "wrong", f"{error['code']}: {sentence}"
        if self.rule in RULES:
            return "refused", f"{sentence} (rule {self.rule})"
        if seen.frames:
            return "wrong", f"refused by no rule, though {seen.frames} frames can be decoded: {sentence}"
        return "refused", sentence

    def _succeeded(self, report: RunReport, examiner: _Examiner, source: Seen) -> tuple[Outcome, str | None]:
        slicing, proof, parts = report.slicing, report.proof, examiner.parts
        assert slicing is not None
        assert proof is not None
        assert parts is not None
        self.segments, self.frames, self.rule = slicing.segments, len(examiner.digests), slicing.rule
        output = self._look(self.output, "result")
        algorithm = get(self.wish.algorithm).from_params(self.wish.params)
        makes = algorithm if isinstance(algorithm, FrameAlgorithm) else None
        size = makes.geometry(source.account.width, source.account.height) if makes else None
        result = Result(
            times=examiner.times,
            digests=examiner.digests,
            output=output,
            shift=Fraction(proof.pts_shift),
            sounds=parts.audio.tracks if parts.audio else (),
            warnings=report.warnings,
            peak_bytes=examiner.peak_bytes,
            crashes=self.crashes,
            lossless=makes is None and self.wish.params.get("lossless") is True,
            rate=makes.rate if makes else 1,
            size=size,
        )
        found = faults(source, result)
        if slicing.segments == 1 and source.account.frames > 1 and self.wish.segments > 1 and not slicing.reason:
            found.append("slicing was declined without a reason")
        if found:
            return "wrong", "; ".join(found)
        if not slicing.used:
            return "whole", self._declined(slicing, source.account)
        return ("truncated" if source.account.cut_off else "sliced"), _remark(source.account)

    def _declined(self, slicing: Slicing, seen: Account) -> str:
        if seen.frames == 1:
            return "it has one frame"
        return f"{slicing.reason} (rule {slicing.rule})" if slicing.rule else str(slicing.reason)

    def _plain(self, reason: str | None) -> str | None:
        """Leave out where the file lies: the row says which it is."""
        if reason is None:
            return None
        for place, short in ((str(self.source), self.source.name), (str(self.output), "the result")):
            reason = reason.replace(repr(place), repr(short)).replace(place, short)
        return reason


def _no_film(seen: Account) -> str | None:
    """Say why there is no moving picture to try, None when there may be one. What is damaged is not passed by."""
    if seen.look == "picture" and seen.frames <= 1:
        return "a still picture"
    if seen.look == "animation" and "gif" in seen.container and seen.frames == 1:
        return "a still picture"
    if seen.sounds_only:
        return "sound only"
    if seen.look == "other" and not seen.container:
        return "no media"
    return None


def _remark(seen: Account) -> str | None:
    remarks = []
    if seen.cut_off:
        remarks.append(f"only the first {seen.frames} frames were tried")
    if seen.faults:
        remarks.append(f"a whole decode meets {seen.faults} errors too")
    if seen.deaf:
        remarks.append(f"sound was not compared: {seen.deaf}")
    return "; ".join(remarks) or None
