"""A logo out of the bytes of an image file."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from media_ops.drawing.refusal import CannotDraw

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 64 * 2**20
MOST_PIXELS = 50_000_000
# Nothing that starts a program, such as EPS does.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_OFFERED = "PNG, JPEG, WebP, GIF, BMP or TIFF"
_EIGHT_BITS = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")


def open_logo(data: bytes) -> Image:
    """Decode a still image upright and in sRGB, as "RGBA"; refuse what is none, or too large, naming `image`."""
    if len(data) > MOST_BYTES:
        raise CannotDraw("image", f"the file has more than {MOST_BYTES // 2**20} MB")
    if b"<svg" in data[:4096].lower():
        raise CannotDraw("image", f"it is an SVG drawing, which is not read; save it as PNG ({_OFFERED} are)")
    try:
        return _upright(_opened(data))
    except (CannotDraw, MemoryError):
        raise
    except Exception as error:  # Pillow raises whatever the damage makes of its parsers
        raise CannotDraw("image", f"it cannot be decoded ({error})") from error


def _opened(data: bytes) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its warning of large pictures comes above our bound
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError:
        raise CannotDraw("image", f"it is no image that can be read; give {_OFFERED}") from None
    except Image.DecompressionBombError:
        raise CannotDraw("image", f"it has more than {MOST_PIXELS // 10**6} megapixels") from None
    if image.width * image.height > MOST_PIXELS:
        size = f"{image.width}x{image.height}"
        raise CannotDraw("image", f"{size} is more than {MOST_PIXELS // 10**6} megapixels")
    # MPO is what Pillow calls a JPEG photograph with a preview behind it.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise CannotDraw("image", "it holds several pictures, or moves; give a still one")
    image.load()
    return image


def _upright(image: Image) -> Image:
    from PIL import ImageOps
    from PIL.Image import fromarray

    profile = image.info.get("icc_profile")
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I;16"):  # Pillow would clip at 255
        turned = fromarray((np.asarray(turned).astype(np.uint32) * 255 // 65535).astype(np.uint8))
    if turned.mode not in _EIGHT_BITS:
        raise CannotDraw("image", f"its pixels ({turned.mode}) are neither grey nor colours; save it as PNG")
    return _in_srgb(turned, profile).convert("RGBA")


def _in_srgb(image: Image, profile: Any) -> Image:
    """Convert from the file's own colour space; one that cannot be used is passed by, as viewers do."""
    from PIL import ImageCms

    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        theirs, ours = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        wanted = "RGB" if image.mode == "CMYK" else image.mode
        converted = ImageCms.profileToProfile(image, theirs, ours, outputMode=wanted)
    except (ImageCms.PyCMSError, OSError):
        return image
    if converted is None:
        return image
    if "transparency" in image.info:
        converted.info["transparency"] = image.info["transparency"]
    return converted


def scaled(logo: Image, width: int, height: int) -> NDArray[np.float32]:
    """Give [height, width, 4]: red, green and blue, each multiplied by alpha, and alpha, from 0 to 1.

    Scaled after that multiplication, so that the colour of what cannot be seen does not bleed into edges.
    """
    whole = max(1, min(logo.width // (2 * width), logo.height // (2 * height)))
    multiplied = logo.convert("RGBa")
    if whole > 1:  # 50 megapixels in floats would take 800 MB
        multiplied = multiplied.reduce(whole)
    exact = np.asarray(multiplied, np.float32) / np.float32(255)
    if whole == 1:  # from the file's own values, before Pillow rounded them
        exact = np.asarray(logo, np.float32) / np.float32(255)
        exact[..., :3] *= exact[..., 3:]
    return stretched(exact, width, height)


def stretched(
    pixels: NDArray[np.float32], width: int, height: int, box: tuple[float, float, float, float] | None = None
) -> NDArray[np.float32]:
    """Scale premultiplied pixels, or the `box` (left, top, right, bottom) of them, bicubically."""
    from PIL import Image

    if box is None and pixels.shape[:2] == (height, width):
        return pixels
    result = np.empty((height, width, 4), np.float32)
    for channel in range(4):
        plane = Image.fromarray(np.ascontiguousarray(pixels[..., channel]))
        result[..., channel] = np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC, box=box))
    # Bicubic shoots over at edges: a weight above 1, or a colour stronger than its weight, is none.
    np.clip(result[..., 3], 0, 1, out=result[..., 3])
    np.clip(result[..., :3], 0, result[..., 3:], out=result[..., :3])
    return result
