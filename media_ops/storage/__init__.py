"""Where objects live: one interface, a folder on disk and an in-memory store behind it."""
