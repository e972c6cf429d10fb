"""sRGB graphics as the code values of a film."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_ops.errors import Unsupported
from media_ops.frame import Film

# ITU-T H.273, table 4: Kr and Kb of matrix coefficients, by FFmpeg's names.
_KR_KB = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}
# Linear light of BT.709 primaries, which are sRGB's, in wider ones of the same white: ITU-R BT.2087-0, 2.2, and the
# same made from the chromaticities of SMPTE EG 432-1 (P3).
_TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
_TO_P3 = ((0.822462, 0.177538, 0.0), (0.033194, 0.966806, 0.0), (0.017083, 0.072397, 0.910520))
_WIDE = {"bt2020": _TO_BT2020, "smpte432": _TO_P3, "smpte431": _TO_P3}
_HDR = ("smpte2084", "arib-std-b67")
# Signals that are no display's: what R'G'B' of graphics would be there is nobody's convention.
_NO_DISPLAY = ("linear", "log100", "log316", "smpte428")
_DISPLAY_GAMMA = 2.4
_GRAPHICS_WHITE_NITS = 203.0

Pixels = NDArray[np.float32]


def code_values(pixels: Pixels, film: Film) -> list[Pixels]:
    """Turn [h, w, 4] premultiplied sRGB and alpha into [h, w] of Y, Cb and Cr code values, times alpha.

    In SDR the graphics' R'G'B' are the film's, but for wider primaries: BT.2087 goes there by the light of a display
    (BT.1886). In HDR their white is the reference white of ITU-R BT.2408-7, 2.1: 203 cd/m2 in PQ, 75 % in HLG.
    Raises `Unsupported` for films whose signal has no place for graphics.
    """
    rows, alpha = _matrix(film), pixels[..., 3]
    rgb = _graded(pixels, film) if _regraded(film) else pixels[..., :3]
    top, one = 2.0**film.depth - 1, 2.0 ** (film.depth - 8)
    # ITU-T H.273, 8.3, with video_full_range_flag 1 and 0.
    luma = (0.0, top) if film.full_range else (16 * one, 219 * one)
    chroma = (128 * one, top if film.full_range else 224 * one)
    planes = []
    for row, (offset, scale) in zip(rows, (luma, chroma, chroma), strict=True):
        signal = sum(np.float32(factor) * rgb[..., channel] for channel, factor in enumerate(row))
        # Full-range chroma of a pure colour would be half a step above what there is.
        planes.append(np.clip(np.float32(scale) * signal + np.float32(offset) * alpha, 0, np.float32(top) * alpha))
    return planes


def require_graphics(film: Film) -> None:
    """Raise `Unsupported` for films whose signal has no place for graphics."""
    _matrix(film)


def _matrix(film: Film) -> tuple[tuple[float, float, float], ...]:
    """Give the rows that make Y, Cb and Cr (from -0.5 to 0.5) of R'G'B' (ITU-T H.273, 8.3)."""
    name = film.matrix
    if film.transfer in _NO_DISPLAY:
        raise _no_place(f"transfer {film.transfer}")
    if name == "ycgco":
        return (0.25, 0.5, 0.25), (-0.25, 0.5, -0.25), (0.5, 0.0, -0.5)
    if name in ("", "gbr"):  # as players guess
        name = "bt709" if film.height >= 720 else "smpte170m"
    if name not in _KR_KB:
        raise _no_place(f"matrix {name}")
    kr, kb = _KR_KB[name]
    kg = 1 - kr - kb
    u, v = 0.5 / (1 - kb), 0.5 / (1 - kr)
    return (kr, kg, kb), (-kr * u, -kg * u, 0.5), (0.5, -kg * v, -kb * v)


def _no_place(what: str) -> Unsupported:
    return Unsupported(
        f"text and logos cannot be drawn into a picture of {what}; transcode it to BT.709 or BT.2020 first",
        rule="graphics-colour",
    )


def _regraded(film: Film) -> bool:
    return film.transfer in _HDR or film.primaries in _WIDE


def _graded(pixels: Pixels, film: Film) -> Any:
    """Convert primaries and transfer; alpha is divided out for that, and multiplied in again."""
    alpha = pixels[..., 3:]
    seen = np.divide(pixels[..., :3], alpha, out=np.zeros_like(pixels[..., :3]), where=alpha > 0)
    light = np.clip(seen, 0, 1).astype(np.float64) ** _DISPLAY_GAMMA
    primaries = film.primaries or ("bt2020" if film.transfer in _HDR else "")
    if primaries in _WIDE:
        light = np.clip(light @ np.array(_WIDE[primaries]).T, 0, 1)
    if film.transfer == "smpte2084":
        signal = pq(light * _GRAPHICS_WHITE_NITS)
    elif film.transfer == "arib-std-b67":
        signal = _hlg(light)
    else:
        signal = light ** (1 / _DISPLAY_GAMMA)
    return signal.astype(np.float32) * alpha


def pq(nits: Any) -> Any:
    """Give the PQ signal of cd/m2: the inverse EOTF of ITU-R BT.2100-2, table 4."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = (np.asarray(nits) / 10000) ** m1
    return ((c1 + c2 * power) / (1 + c3 * power)) ** m2


def _hlg(light: Any) -> Any:
    """Give the HLG signal, 0.75 for white, of display light: inverse OOTF and OETF of ITU-R BT.2100-2, table 5.

    The system gamma is 1.2, that of a display of 1000 cd/m2, on which 0.75 has 203 cd/m2.
    """
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    gamma = 1.2
    white = ((np.exp((0.75 - c) / a) + b) / 12) ** gamma
    shown = light * white
    luminance = shown @ np.array([0.2627, 0.6780, 0.0593])
    dimmed = np.maximum(luminance, 1e-9) ** ((1 - gamma) / gamma)
    scene = shown * dimmed[..., None]
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)
