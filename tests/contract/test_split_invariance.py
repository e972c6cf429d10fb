"""Every algorithm keeps its word, however a film is cut. New algorithms are tested without a line here."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from media_ops.algorithm import FrameAlgorithm
from media_ops.registry import all_algorithms
from tests.contract.conftest import FRAMES
from tests.contract.splitting import broken_promises, run
from tests.everyday import ordinarily, slow

REGISTERED = {name: kind for name, kind in all_algorithms().items() if issubclass(kind, FrameAlgorithm)}
CASES = [(name, number) for name, kind in REGISTERED.items() for number in range(len(kind.examples))]


def cuts(seed: int) -> list[list[int]]:
    """Give three ways to cut: one joint, many joints, and parts as short as they can be."""
    chance = random.Random(seed)
    few = [[chance.randrange(1, FRAMES)], sorted(chance.sample(range(1, FRAMES), 5))]
    at = chance.randrange(1, FRAMES - 3)
    return [*few, [at, at + 1, at + 2]]


def judge(kind: type[FrameAlgorithm], params: dict[str, Any], film: Path, folder: Path) -> list[str]:
    """Give the promises that were broken by any cut."""
    if kind.from_params(params).need().unbounded or kind.exactness == "blended":
        return []
    whole = run(kind, params, film, [], folder)
    assert sorted(whole.frames) == list(range(FRAMES))
    found = []
    for inner in cuts(len(kind.name())):
        found += [
            f"cut at {inner}: {said}"
            for said in broken_promises(whole, run(kind, params, film, inner, folder), kind.exactness)
        ]
    return found


@pytest.mark.parametrize(("name", "number"), ordinarily(CASES, *((name, 0) for name in REGISTERED)))
def test_a_registered_algorithm_keeps_its_word(name: str, number: int, film: Path, tmp_path: Path) -> None:
    kind = REGISTERED[name]
    assert judge(kind, dict(kind.examples[number]), film, tmp_path) == []


@pytest.mark.parametrize(
    "name", ["average", "double_rate", slow("enlarge"), "whole_gops", "endless_memory", "normalise"]
)
def test_a_test_algorithm_keeps_its_word(name: str, further: Any, film: Path, tmp_path: Path) -> None:
    assert judge(further(name), {}, film, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "words"), [("liar_about_window", "not bit-identical"), ("liar_about_memory", "dB from that of one run")]
)
def test_a_liar_is_caught(name: str, words: str, further: Any, film: Path, tmp_path: Path) -> None:
    found = judge(further(name), {}, film, tmp_path)
    assert len(found) > 3
    assert all(words in said for said in found)
