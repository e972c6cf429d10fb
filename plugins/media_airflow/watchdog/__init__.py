"""The watchdog: ends, repeats or reports what no longer moves, and copies what is too slow."""
