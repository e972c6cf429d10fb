"""What may stand in a text."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Give the text with newlines and blanks as its only controls; raise `ValueError` for any other."""
    for newline in ("\r\n", "\r", "\u2028", "\u2029"):
        text = text.replace(newline, "\n")
    text = text.replace("\t", " " * 4)
    for character in text:
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(f"the control character U+{ord(character):04X} cannot be drawn")
    if not text.strip():
        raise ValueError("it is blank")
    return text.strip("\n")
