"""The conformance kit: process every file below a folder and compare it with a whole decode of the source."""
