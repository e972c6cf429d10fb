"""The environment of every service: all of Airflow's settings, and what our operators read."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

from media_airflow.embedded.keys import ADMIN, Keys, login_file, passwords_file
from media_airflow.embedded.layout import Layout
from media_airflow.embedded.settings import Settings

PRELOAD_VARIABLE = "MEDIA_OPS_PRELOAD"
INSTANCE_VARIABLE = "MEDIA_OPS_INSTANCE"
ALLOWED_ROOTS_VARIABLE = "MEDIA_OPS_ALLOWED_ROOTS"
STORE_VARIABLE = "MEDIA_OPS_STORE"
WORKERS_VARIABLE = "MEDIA_OPS_WORKERS"
CACHE_VARIABLE = "MEDIA_OPS_CACHE"
CACHE_BYTES_VARIABLE = "MEDIA_OPS_CACHE_BYTES"
LOGIN_VARIABLE = "MEDIA_OPS_AIRFLOW_LOGIN"
WATCHDOG_POOL_VARIABLE = "MEDIA_OPS_WATCHDOG_POOL"
WATCHDOG_POOL = "watchdog"
LOOPBACK = "127.0.0.1"

# Measured on 2 cores: an API server is back after 11 to 20 s, after 40 to 50 s on a loaded machine. A heartbeat
# time-out below that fails tasks whose work is done.
TUNING: dict[str, dict[str, str | int | float | bool]] = {
    "scheduler": {
        "scheduler_idle_sleep_time": 0.25,
        "task_instance_heartbeat_timeout": 60,
        "task_instance_heartbeat_timeout_detection_interval": 2,
        "job_heartbeat_sec": 2,
        "scheduler_heartbeat_sec": 2,
        # A new scheduler takes over the tasks of a dead one after this long; well above any stall of a live one.
        "scheduler_health_check_threshold": 20,
        "orphaned_tasks_check_interval": 5,
    },
    "workers": {
        # Also the longest time until a cancelled task hears of it; one light UPDATE per task and second.
        "min_heartbeat_interval": 1,
        "max_failed_heartbeats": 60,
        # A task that ends while the API server is away goes on telling it for a minute and more; with Airflow's five
        # tries its work would be lost after ten seconds, and done again.
        "execution_api_retries": 30,
        "execution_api_retry_wait_max": 5,
        "socket_cleanup_timeout": 5,
    },
    "dag_processor": {"refresh_interval": 60, "min_file_process_interval": 60},
    "logging": {"colored_console_log": False},
}


def airflow_version() -> str:
    """Version of Airflow, and so of the database's shape."""
    return importlib.metadata.version("apache-airflow-core")


def airflow_options(
    layout: Layout, keys: Keys, settings: Settings, *, port: int, database: str, dags: Path, plugins: Path
) -> dict[str, dict[str, str | int | float | bool]]:
    """Give every option that differs from Airflow's own default, by section."""
    url = f"http://{LOOPBACK}:{port}"
    options = {section: dict(values) for section, values in TUNING.items()}
    ours: dict[str, dict[str, str | int | float | bool]] = {
        "core": {
            "dags_folder": str(dags),
            "plugins_folder": str(plugins),
            "load_examples": False,
            "dags_are_paused_at_creation": False,
            "executor": "media_airflow.executor.TiedLocalExecutor",
            # One more than media tasks get of the default pool: the watchdog must not wait for what it looks after.
            "parallelism": settings.parallelism + 1,
            # As many segments as a job may have; Airflow refuses a longer list, so a plan is cut to this.
            "max_map_length": 4096,
            "fernet_key": keys.fernet,
            # A full name would be asked of a name server, once per task.
            "hostname_callable": "socket.gethostname",
            "simple_auth_manager_users": f"{ADMIN}:admin",
            "simple_auth_manager_all_admins": False,
            "simple_auth_manager_passwords_file": str(passwords_file(layout.home)),
        },
        "database": {"sql_alchemy_conn": database},
        "api": {"host": LOOPBACK, "port": port, "base_url": url, "workers": 1, "secret_key": keys.api},
        "api_auth": {"jwt_secret": keys.jwt},
        "logging": {
            "base_log_folder": str(layout.home / "logs"),
            "dag_processor_child_process_log_directory": str(layout.home / "logs" / "dag_processor"),
        },
    }
    for more in (ours, settings.options):
        for section, values in more.items():
            options.setdefault(section, {}).update(values)
    return options


def service_environment(
    layout: Layout, settings: Settings, options: dict[str, dict[str, str | int | float | bool]]
) -> dict[str, str]:
    """Build the whole environment of the services out of the caller's.

    Airflow settings of the caller are left out: two installations in one shell must not mix.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))}
    without_proxy = filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"])
    return {
        **kept,
        **{
            f"AIRFLOW__{section.upper()}__{option.upper()}": str(value)
            for section, values in options.items()
            for option, value in values.items()
        },
        "AIRFLOW_HOME": str(layout.home),
        INSTANCE_VARIABLE: str(layout.home),
        ALLOWED_ROOTS_VARIABLE: os.pathsep.join(map(str, settings.allowed_roots)),
        STORE_VARIABLE: str(settings.store or layout.home / "store"),
        WORKERS_VARIABLE: str(settings.parallelism),
        CACHE_VARIABLE: str(layout.home / "cache"),
        CACHE_BYTES_VARIABLE: str(int(settings.cache_bytes)),
        LOGIN_VARIABLE: str(login_file(layout.home)),
        WATCHDOG_POOL_VARIABLE: WATCHDOG_POOL,
        PRELOAD_VARIABLE: ",".join(settings.preload),
        # Services ask each other over the loopback, never through a proxy.
        "NO_PROXY": (no_proxy := ",".join(without_proxy)),
        "no_proxy": no_proxy,
        # Titles of processes must not overwrite the environment: INSTANCE_VARIABLE is how they are found.
        "SPT_NOENV": "1",
        "PYTHONUNBUFFERED": "1",
    }
