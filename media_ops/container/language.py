"""Names of languages in QuickTime, whose list has the bibliographic ones of ISO 639-2."""

from __future__ import annotations

_BIBLIOGRAPHIC = {
    "bod": "tib",
    "ces": "cze",
    "cym": "wel",
    "deu": "ger",
    "ell": "gre",
    "eus": "baq",
    "fas": "per",
    "fra": "fre",
    "hye": "arm",
    "isl": "ice",
    "kat": "geo",
    "mkd": "mac",
    "mri": "mao",
    "msa": "may",
    "mya": "bur",
    "nld": "dut",
    "ron": "rum",
    "slk": "slo",
    "sqi": "alb",
    "zho": "chi",
}


def quicktime_language(language: str) -> str:
    """Give the bibliographic name of a language that has two, any other as it is."""
    return _BIBLIOGRAPHIC.get(language, language)
