"""A film to try things on: three minutes of scenery with sound, drawn and encoded in about half a minute."""

from media_ops.demo_source.film import make_demo_source

__all__ = ["make_demo_source"]
