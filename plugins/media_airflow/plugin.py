"""The Airflow plugin."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class MediaPlugin(AirflowPlugin):
    """Announces media-ops to Airflow; the HTTP gateway and the pages will hang on it."""

    name = "media_ops"
