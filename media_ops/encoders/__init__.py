"""Encoder settings whose separately encoded segments can be joined."""
