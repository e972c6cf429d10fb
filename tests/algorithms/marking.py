"""Films by hand, logos by hand, and one call that draws a watermark into a picture of noise."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from media_ops.algorithms.watermark import Watermark
from media_ops.frame import Film, Moment, Window
from media_ops.settings import Settings

FONT = Path(Settings().font).read_bytes()
WHITE, RED = (255, 255, 255, 255), (255, 0, 0, 255)
Planes = tuple[Any, ...]
BOX: dict[str, Any] = {"position": "40,20", "size": 100 * 40 / 120, "opacity": 1}  # 40x40 pixels at 40,20 of 160x120


def film(width: int = 160, height: int = 120, **facts: Any) -> Film:
    facts = {"frames": 100, "duration": Fraction(4), "rate": Fraction(25), **facts}
    return Film(width, height, **facts)


def png(size: tuple[int, int] = (40, 40), color: tuple[int, ...] = WHITE, **how: Any) -> bytes:
    return saved(Image.new("RGBA", size, color), "PNG", **how)


def saved(image: Image.Image, form: str, **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


def noise(film: Film, planes: int = 3, seed: int = 1) -> Planes:
    """Code values anywhere in the depth, borders of the range included."""
    made = np.random.default_rng(seed)
    across, down = film.subsampling
    sizes = [(film.height, film.width), *[(-(-film.height // down), -(-film.width // across))] * (planes - 1)]
    kind = np.uint8 if film.depth == 8 else np.uint16
    found = [made.integers(0, 2**film.depth, size, dtype=kind) for size in sizes]
    for plane in found:
        plane.setflags(write=False)
    return tuple(found)


def ready(film: Film, image: bytes | None = None, font: bytes | None = FONT, **params: Any) -> tuple[Watermark, Film]:
    """Make the algorithm and a film that holds its files, not yet checked."""
    named = {"image": "logo.png"} if image is not None else {}
    algorithm = Watermark.from_params({**named, **params})
    assert isinstance(algorithm, Watermark)
    files = {"image": image, "font": font if params.get("text") else None}
    facts = {**film.__dict__, "files": {name: data for name, data in files.items() if data is not None}}
    return algorithm, Film(**facts)


def marked(film: Film, source: Planes, image: bytes | None = None, time: Any = 0, **params: Any) -> Planes:
    """Check, set up and process one picture."""
    algorithm, whole = ready(film, image, **params)
    algorithm.check(whole)
    algorithm.setup(whole)
    return tuple(algorithm.process(Window([Moment(0, Fraction(time), source)], 0, 0)))


def shown(plane: Any, film: Film) -> Any:
    """Show a luma plane as a player does: stretched, mirrored, turned clockwise."""
    wide = max(1, round(film.width * film.sample_aspect_ratio))
    columns = ((np.arange(wide) + 0.5) * film.width / wide).astype(int)
    stretched = plane[:, columns]
    if film.mirrored:
        stretched = stretched[:, ::-1]
    return np.rot90(stretched, -film.rotation // 90)
