"""One file per algorithm; the folder is the registry."""
