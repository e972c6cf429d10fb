"""Logos and text, drawn as they are to be seen and turned into a film's own code values."""
