"""How to reach an object store: what the environment, or whoever knows a connection, says of it."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import SplitResult, urlsplit

from pydantic import ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from media_ops.errors import ParamsInvalid
from media_ops.model import Noun

_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?")


class S3Settings(Noun):
    """Where the store is and who we are there. Secrets do not show when it is printed."""

    model_config = ConfigDict(hide_input_in_errors=True)

    endpoint: str = Field("s3.amazonaws.com", description="Host and port, or an address with http:// or https://.")
    public_endpoint: str | None = Field(None, description="What signed addresses call the store, with http(s)://.")
    secure: bool = Field(True, description="Use TLS; an address with a scheme says it itself.")
    region: str = Field("us-east-1", description="The bucket's region; most servers of one's own have this one.")
    access_key: str | None = Field(None, description="Without one, requests are anonymous.")
    secret_key: SecretStr | None = Field(None, description="Secret of the access key.")
    session_token: SecretStr | None = Field(None, description="Token of temporary credentials.")
    ca_file: str | None = Field(None, description="File of the certificates to trust, instead of the usual ones.")
    connect_timeout: float = Field(5.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(60.0, gt=0, description="Seconds to wait for the next bytes.")
    patience: float = Field(
        120.0, ge=0, le=600, description="Seconds for which a request is tried again while the store is out of reach."
    )

    @model_validator(mode="before")
    @classmethod
    def _split(cls, values: dict[str, object]) -> dict[str, object]:
        if isinstance(public := values.get("public_endpoint"), str):
            _parts("public_endpoint", public)
        endpoint = values.get("endpoint")
        if not isinstance(endpoint, str):
            return values
        parts = _parts("endpoint", endpoint)
        secure = {"secure": parts.scheme == "https"} if parts.scheme else {}
        return values | {"endpoint": parts.netloc} | secure

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access key and secret key come together or not at all")
        return self

    def public(self) -> Self:
        """Give these with the name by which others know the store."""
        if not self.public_endpoint:
            return self
        said = {"endpoint": self.public_endpoint, "public_endpoint": None}
        return self.model_validate(dict(self) | said)

    @classmethod
    def from_environment(cls) -> S3Settings:
        """Read `MEDIA_OPS_S3_...`, and the usual `AWS_...` for what those do not say; raise `ParamsInvalid`.

        Key, secret and token are taken from one of the two: a secret fits no other key.
        """
        try:
            aws, own = _Aws(), _Own()
            usual: dict[str, object] = {
                "endpoint": aws.endpoint_url_s3 or aws.endpoint_url,
                "region": aws.region or aws.default_region,
            }
            if own.access_key is None:
                usual |= {"access_key": aws.access_key_id, "secret_key": aws.secret_access_key}
                usual |= {"session_token": aws.session_token}
            said = {name: value for name, value in own if value is not None}
            return cls.model_validate({name: value for name, value in usual.items() if value is not None} | said)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ParamsInvalid(
                f"the object store's settings in the environment (MEDIA_OPS_S3_..., AWS_...): {place or 'together'}: "
                f"{first['msg']}"
            ) from None


def _parts(name: str, endpoint: str) -> SplitResult:
    parts = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    beyond = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("", "http", "https") or beyond or not _HOST.fullmatch(parts.netloc):
        raise ValueError(f"{name} must be a host, host:port, http://host:port or https://host:port")
    return parts


class _Own(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MEDIA_OPS_S3_", env_ignore_empty=True, hide_input_in_errors=True)

    endpoint: str | None = None
    public_endpoint: str | None = None
    secure: bool | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: SecretStr | None = None
    session_token: SecretStr | None = None
    ca_file: str | None = None
    connect_timeout: float | None = None
    read_timeout: float | None = None
    patience: float | None = None


class _Aws(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="AWS_", env_ignore_empty=True, hide_input_in_errors=True)

    endpoint_url_s3: str | None = None
    endpoint_url: str | None = None
    region: str | None = None
    default_region: str | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
