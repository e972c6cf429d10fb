"""Where Airflow is and who we are there, for `media status`, `media cancel` and the DAG `watchdog`."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from media_ops.errors import ParamsInvalid, ToolMissing
from media_ops.remote.client import AirflowClient

LOGIN_FILE = Path("build/airflow/login.json")


class Login(BaseSettings):
    """Settings `MEDIA_OPS_AIRFLOW_...`; what is not said comes from a file, which the embedded Airflow writes."""

    model_config = SettingsConfigDict(env_prefix="MEDIA_OPS_AIRFLOW_", frozen=True)

    url: str = Field("", description="Address of Airflow's web interface and API.")
    user: str = Field("", description="Name to sign in with.")
    password: SecretStr = Field(SecretStr(""), description="Password of that user.")
    login: str = Field(
        str(LOGIN_FILE), description="JSON file with `url`, `user` and `password`, for what the others do not say."
    )


def connect(login: Login | None = None) -> AirflowClient:
    """Open Airflow's REST API; raise `ToolMissing` where nothing says where it is."""
    said = login or Login()
    known = {"url": said.url, "user": said.user, "password": said.password.get_secret_value()}
    if not all(known.values()):
        kept = kept_login(said)
        known = {name: value or kept.get(name, "") for name, value in known.items()}
    if not known["url"]:
        raise ToolMissing(f"MEDIA_OPS_AIRFLOW_URL says of no Airflow, and there is no {said.login}; is one up?")
    return AirflowClient(known["url"], known["user"], known["password"])


def kept_login(login: Login) -> dict[str, str]:
    """Read the file: `url`, `user`, `password`, and `store` where the embedded Airflow keeps its objects."""
    path = Path(login.login)
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ParamsInvalid(f"MEDIA_OPS_AIRFLOW_LOGIN: {path} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise ParamsInvalid(f"MEDIA_OPS_AIRFLOW_LOGIN: {path} must hold an object with url, user and password")
    return {name: str(value) for name, value in found.items()}
