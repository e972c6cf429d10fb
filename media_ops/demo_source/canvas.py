"""A frame in planes: what the scenes are drawn on, in the encoder's own layout."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]
Real = npt.NDArray[np.float32]
Colour = tuple[int, int, int]
"""Y, Cb, Cr of BT.709, limited range."""

_SUBPIXEL = 4  # bits of fraction that cv2's drawing takes
_TURN = np.linspace(0, 2 * np.pi, 40, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)


class Texture(NamedTuple):
    """A picture in 4:2:0 planes, often wider than the frame; the masks say where it covers (255) or not (0)."""

    y: Plane
    cb: Plane
    cr: Plane
    mask: Plane | None = None
    half_mask: Plane | None = None


def colour(red: float, green: float, blue: float) -> Colour:
    """Convert R'G'B' of 0 to 1 to the planes' values (BT.709-6, 3.4 and 3.5)."""
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    cb, cr = (blue - luma) / 1.8556, (red - luma) / 1.5748
    return round(16 + 219 * luma), round(128 + 224 * cb), round(128 + 224 * cr)


def texture(rgb: Real, mask: Plane | None = None) -> Texture:
    """Convert a picture of shape (height, width, 3), values 0 to 1, even sides, to planes."""
    import cv2

    rgb = np.clip(rgb, 0, 1)
    matrix = np.array([[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]], np.float32)
    planes = cv2.transform(rgb, matrix)
    height, width = planes.shape[:2]
    halves = cv2.resize(planes, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return Texture(
        (planes[..., 0] * 219 + 16.5).astype(np.uint8),
        (halves[..., 1] * 224 + 128.5).astype(np.uint8),
        (halves[..., 2] * 224 + 128.5).astype(np.uint8),
        mask,
        None if mask is None else np.ascontiguousarray(mask[::2, ::2]),
    )


class Canvas:
    """One frame in 4:2:0, drawn on plane by plane; coordinates are luma pixels and may be fractions."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.buffer = np.full(width * height * 3 // 2, 128, np.uint8)
        luma, chroma = width * height, width * height // 4
        self.y = self.buffer[:luma].reshape(height, width)
        self.cb = self.buffer[luma : luma + chroma].reshape(height // 2, width // 2)
        self.cr = self.buffer[luma + chroma :].reshape(height // 2, width // 2)

    def paste(self, picture: Texture, left: int, top: int = 0) -> None:
        """Lay the picture's columns from `left` on over the whole width, at row `top`."""
        import cv2

        pairs = ((self.y, picture.y, picture.mask, 1), (self.cb, picture.cb, picture.half_mask, 2))
        for plane, source, mask, scale in (*pairs, (self.cr, picture.cr, picture.half_mask, 2)):
            column, row, width = left // scale, top // scale, plane.shape[1]
            piece = source[:, column : column + width]
            place = plane[row : row + piece.shape[0]]
            if mask is None:
                place[:] = piece
            else:
                cv2.copyTo(piece, mask[:, column : column + width], place)

    def warp(self, picture: Texture, centre: tuple[float, float], zoom: float, angle: float) -> None:
        """Show the picture around `centre`, `zoom` of its pixels to one of ours, turned by radians."""
        import cv2

        cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
        for plane, source, scale in ((self.y, picture.y, 1), (self.cb, picture.cb, 2), (self.cr, picture.cr, 2)):
            height, width = plane.shape
            x = centre[0] / scale - cosine * width / 2 + sine * height / 2
            y = centre[1] / scale - sine * width / 2 - cosine * height / 2
            matrix = np.array([[cosine, -sine, x], [sine, cosine, y]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            cv2.warpAffine(source, matrix, (width, height), plane, flags, cv2.BORDER_REFLECT)

    def polygon(self, points: npt.ArrayLike, paint: Colour) -> None:
        """Fill a polygon of shape (corners, 2)."""
        import cv2

        for plane, value, fixed in self._fixed(points, paint):
            cv2.fillPoly(plane, [fixed], value, cv2.LINE_AA, _SUBPIXEL)

    def line(self, points: npt.ArrayLike, paint: Colour, thickness: float = 1) -> None:
        """Draw an open line through points of shape (corners, 2)."""
        import cv2

        for plane, value, fixed in self._fixed(points, paint):
            width = thickness if plane is self.y else thickness / 2
            cv2.polylines(plane, [fixed], False, value, max(1, round(width)), cv2.LINE_AA, _SUBPIXEL)

    def ellipse(self, centre: tuple[float, float], axes: tuple[float, float], paint: Colour) -> None:
        """Fill an upright ellipse."""
        self.polygon(_CIRCLE * axes + centre, paint)

    def text(self, words: str, left: float, base: float, tall: float, paint: Colour) -> None:
        """Write with the base line at `base`, capitals `tall` pixels high."""
        import cv2

        scale, width = tall / 22, max(1, round(tall / 11))
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(self.y, words, (round(left), round(base)), font, scale, paint[0], width, cv2.LINE_AA)
        if paint[1:] != (128, 128):
            half = (round(left / 2), round(base / 2))
            for plane, value in ((self.cb, paint[1]), (self.cr, paint[2])):
                cv2.putText(plane, words, half, font, scale / 2, value, max(1, width // 2), cv2.LINE_AA)

    def _fixed(self, points: npt.ArrayLike, paint: Colour) -> list[tuple[Plane, int, Any]]:
        fixed = np.asarray(points, np.float64) * (1 << _SUBPIXEL)
        whole, half = fixed.astype(np.int32), (fixed / 2).astype(np.int32)
        return [(self.y, paint[0], whole), (self.cb, paint[1], half), (self.cr, paint[2], half)]
