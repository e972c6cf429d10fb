"""Which cases of a wide cross product belong to `make test`; the others are left to `make test-slow`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

SLOW = pytest.mark.slow


def slow(*values: Any) -> Any:
    """Leave a case to the slow tests."""
    return pytest.param(*values, marks=SLOW)


def ordinarily(cases: Iterable[Any], *ordinary: Any) -> list[Any]:
    """Give all cases; all but the ordinary ones are left to the slow tests."""
    given = list(cases)
    unknown = [case for case in ordinary if case not in given]
    assert not unknown, f"these are no cases: {unknown}"
    return [case if case in ordinary else slow(*case) if isinstance(case, tuple) else slow(case) for case in given]
