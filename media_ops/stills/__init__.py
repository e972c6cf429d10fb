"""What an algorithm does, as a picture: a short film is drawn, processed by the engine, and one frame shown twice."""

from media_ops.stills.clip import make_clip
from media_ops.stills.still import make_still

__all__ = ["make_clip", "make_still"]
