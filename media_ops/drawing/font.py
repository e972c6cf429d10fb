"""A font out of the bytes of its file, and whether it can draw a text."""

from __future__ import annotations

import io
import struct
import unicodedata
from typing import TYPE_CHECKING, Any

from media_ops.drawing.refusal import CannotDraw
from media_ops.errors import ToolMissing

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

# Noto Serif CJK, all languages in one file, has 27 MB.
MOST_BYTES = 64 * 2**20
_NAMED = 8
# Platform and encoding of the tables that count in Unicode, the fullest first.
_UNICODE = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))


def open_font(data: bytes, size: int) -> FreeTypeFont:
    """Open the first face of a font file at `size` pixels an em, with the layout that all scripts need."""
    from PIL import ImageFont, features

    if len(data) > MOST_BYTES:
        raise CannotDraw("font", f"the file has more than {MOST_BYTES // 2**20} MB")
    if not features.check("raqm"):  # Pillow's wheel loads FriBidi from the system
        raise ToolMissing("text cannot be laid out: the library FriBidi is missing (on Debian: libfribidi0)")
    try:
        return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.RAQM)
    except OSError as error:
        raise CannotDraw("font", f"no font can be read from it ({error}); give a TTF, OTF or TTC") from error


def require_glyphs(data: bytes, text: str) -> None:
    """Refuse a font that lacks a character of the text, naming the first few; a blank box is no character."""
    known = _characters(data)
    lacking = [character for character in dict.fromkeys(text) if not _drawn(character, known)]
    if lacking:
        names = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in lacking[:_NAMED])
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        raise CannotDraw("font", f"it has no glyph for {names}{more}; name a font file that draws this script")


def _drawn(character: str, known: set[int]) -> bool:
    # Format characters steer the layout; a letter that is not there may be put together from its parts.
    if character == "\n" or unicodedata.category(character) == "Cf" or 0xFE00 <= ord(character) <= 0xFE0F:
        return True
    return ord(character) in known or (
        (parts := unicodedata.normalize("NFD", character)) != character and all(ord(part) in known for part in parts)
    )


def _characters(data: bytes) -> set[int]:
    from fontTools.ttLib import TTFont

    try:
        with TTFont(io.BytesIO(data), fontNumber=0, lazy=True) as font:
            tables = (font["cmap"].getcmap(*place) for place in _UNICODE)
            table = next((table for table in tables if table is not None), None)
            if table is None:
                raise CannotDraw("font", "it does not say which characters it draws in Unicode")
            _bound(table)
            return {code for code, glyph in table.cmap.items() if glyph != ".notdef"}
    except (CannotDraw, MemoryError):
        raise
    except Exception as error:  # fontTools raises whatever the damage makes of its parser
        raise CannotDraw("font", f"its table of characters cannot be read ({error!r})") from error


def _bound(table: Any) -> None:
    """Refuse ranges that overlap or go beyond Unicode: sixteen damaged bytes can spell out 2^32 characters."""
    if table.format in (12, 13) and table.data is not None:
        whole = table.data[: len(table.data) // 12 * 12]
        if sum(last - first + 1 for first, last, _ in struct.iter_unpack(">III", whole)) > 0x110000:
            raise CannotDraw("font", "its table of characters is damaged")
