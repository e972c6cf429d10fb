"""Whether and where to cut."""
