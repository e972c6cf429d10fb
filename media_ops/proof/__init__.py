"""Checking a proof again: nothing is needed but the proof, the result and the source."""
