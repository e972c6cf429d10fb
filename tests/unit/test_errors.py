import inspect

import pytest

from media_ops import errors
from media_ops.errors import MediaError

CONCRETE = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, MediaError)]


@pytest.mark.parametrize("kind", [c for c in CONCRETE if c is not MediaError])
def test_every_error_crosses_a_process_boundary(kind: type[MediaError]) -> None:
    back = errors.from_record(kind("clip.mp4: broken").to_record())
    assert type(back) is kind
    assert str(back) == "clip.mp4: broken"


def test_the_drawn_tree_names_every_error() -> None:
    assert errors.__doc__ is not None
    assert {c.__name__ for c in CONCRETE} <= set(errors.__doc__.replace("│", " ").split()) | {"MediaError"}


def test_an_unknown_code_keeps_its_fate() -> None:
    assert type(errors.from_record({"code": "newer", "fate": "world", "message": "m"})) is errors.WorldError
