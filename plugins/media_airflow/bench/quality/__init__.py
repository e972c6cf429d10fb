"""How good segments are beside one run over the whole file: rates, quality at the same size, joints, buffers."""

from media_airflow.bench.quality.measuring import broken_limits, quality, show

__all__ = ["broken_limits", "quality", "show"]
