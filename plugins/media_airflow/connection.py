"""Who we are at the object store, as an Airflow connection says it: for the running task and its child only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from media_ops.errors import MediaError, StoreRefused, StoreUnavailable
from media_ops.storage.s3_settings import S3Settings

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

VARIABLE = "MEDIA_OPS_S3_CONNECTION"
_OWN = "MEDIA_OPS_S3_"
# A connection that cannot be used is to be named at once: the provider's own limits let a task wait for minutes.
_LIMITS = {"connect_timeout": 5, "read_timeout": 20, "retries": {"total_max_attempts": 3, "mode": "standard"}}
_BUSY = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceUnavailable", "InternalFailure"}


def connection_name() -> str | None:
    """Give the connection that is to be used; None where the environment counts."""
    return os.environ.get(VARIABLE) or None


@contextlib.contextmanager
def connected() -> Iterator[None]:
    """Have this process, and those it starts, know what the connection says; afterwards all is as it was.

    Nothing happens where none is named. Raises `StoreRefused` or `StoreUnavailable`.
    """
    name = connection_name()
    if name is None:
        yield
        return
    said = {_OWN + field.upper(): value for field, value in settings_of(name).items()}
    kept = {variable: os.environ.get(variable) for variable in said}
    _set(said)
    try:
        yield
    finally:
        _set(kept)


def settings_of(name: str) -> dict[str, str | None]:
    """Ask the provider's hook; the result is for `S3Settings`. Key, secret and token belong together: None is none.

    Temporary credentials are asked for anew each time.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    said = f"MEDIA_OPS_S3_CONNECTION: Airflow's connection {name!r}"
    try:
        found = _from_hook(name, said)
        S3Settings.model_validate({field: value for field, value in found.items() if value is not None})
    except MediaError:
        raise
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise StoreRefused(f"{said} cannot be used: {first['msg']}") from None
    except ClientError as error:
        # Some servers, radosgw among them, say it without what is around it at AWS.
        code = str(error.response.get("Error", {}).get("Code") or error.response.get("Code", "unknown"))
        passing = code in _BUSY or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500
        kind = StoreUnavailable if passing else StoreRefused
        raise kind(f"{said}: its role is not given to us: {code}") from None
    except BotoCoreError as error:
        raise _unreached(said, error) from None
    return found


def _from_hook(name: str, said: str) -> dict[str, str | None]:
    from airflow.sdk.log import mask_secret

    hook = _hook(name, said)
    session = hook.get_session(region_name=hook.region_name)
    credentials = session.get_credentials()
    if credentials is None:
        raise StoreRefused(f"{said} gives no credentials, and there are none around it")
    frozen = credentials.get_frozen_credentials()
    for secret in (frozen.secret_key, frozen.token):
        if secret:
            mask_secret(secret)
    found = {"access_key": frozen.access_key, "secret_key": frozen.secret_key, "session_token": frozen.token or None}
    # What it does not say of the place is left to the environment.
    place = {
        "endpoint": hook.conn_config.get_service_endpoint_url("s3"),
        "region": hook.region_name or session.region_name,
        "ca_file": hook.verify if isinstance(hook.verify, str) else None,
    }
    return found | {field: value for field, value in place.items() if value}


def _hook(name: str, said: str) -> AwsBaseHook:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(name)
    except AirflowNotFoundException:  # the provider's hook would take whatever the machine has instead
        raise StoreRefused(f"{said}: there is none of that name") from None
    if connection.conn_type != "aws":
        raise StoreRefused(f"{said} is of type {connection.conn_type!r}, not 'aws'")
    try:
        extra = connection.extra_dejson
        own = {name: value for name, value in extra.get("config_kwargs", {}).items() if name != "signature_version"}
        hook: AwsBaseHook = AwsBaseHook(aws_conn_id=name, client_type="s3", config={**_LIMITS, **own})
        verified = hook.verify
    except Exception as error:  # its text may hold what the connection holds
        raise StoreRefused(f"{said} is not understood ({type(error).__name__})") from None
    if verified is False:
        raise StoreRefused(
            f"{said} says not to verify certificates (verify: false), which is not done: "
            "name the file of the authority's certificate there"
        )
    return hook


def _unreached(said: str, error: Exception) -> MediaError:
    from botocore import exceptions as known

    passing = (known.HTTPClientError, known.ConnectionError, known.CredentialRetrievalError)
    kind = StoreUnavailable if isinstance(error, passing) else StoreRefused
    return kind(f"{said}: its credentials cannot be asked for ({type(error).__name__})")


def _set(variables: dict[str, str | None]) -> None:
    for variable, value in variables.items():
        if value is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = value
