"""Airflow and its database in one folder of this machine: `make up`, `make demo`, `make bench`, the tests."""

from media_airflow.embedded.instance import DEFAULT_HOME, AlreadyRunning, EmbeddedAirflow
from media_airflow.embedded.settings import Settings, read_settings
from media_ops.remote.client import AirflowClient, ApiNotFound, ApiRefused, ApiUnavailable, RunExists

__all__ = [
    "DEFAULT_HOME",
    "AirflowClient",
    "AlreadyRunning",
    "ApiNotFound",
    "ApiRefused",
    "ApiUnavailable",
    "EmbeddedAirflow",
    "RunExists",
    "Settings",
    "read_settings",
]
