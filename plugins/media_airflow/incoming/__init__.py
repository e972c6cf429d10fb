"""Objects that are handed in start jobs."""
