"""Reading exact frames: the packet index, safe entries, the reader, fingerprints and signatures."""
