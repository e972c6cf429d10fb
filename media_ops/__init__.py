"""Frame-exact, parallel media processing: `medias_out = fn(medias_in, params)`."""

__version__ = "0.1.0"
