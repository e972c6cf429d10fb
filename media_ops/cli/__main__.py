"""`python -m media_ops.cli` is `media`."""

from media_ops.cli import main

main()
