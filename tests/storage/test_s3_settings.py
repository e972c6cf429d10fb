"""What the environment says of an object store, and that its secrets stay where they are."""

from __future__ import annotations

import os

import pytest
from pydantic import SecretStr, ValidationError

from media_ops.errors import ParamsInvalid
from media_ops.storage.s3_settings import S3Settings


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "MEDIA_OPS_S3_"))]:
        monkeypatch.delenv(name)


def say(monkeypatch: pytest.MonkeyPatch, **variables: str) -> S3Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return S3Settings.from_environment()


def test_without_a_word_it_is_s3_and_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert say(monkeypatch) == S3Settings()
    assert S3Settings().access_key is None


def test_our_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    found = say(
        monkeypatch,
        MEDIA_OPS_S3_ENDPOINT="store:9000",
        MEDIA_OPS_S3_SECURE="false",
        MEDIA_OPS_S3_ACCESS_KEY="key",
        MEDIA_OPS_S3_SECRET_KEY="secret",
        MEDIA_OPS_S3_SESSION_TOKEN="token",
        MEDIA_OPS_S3_REGION="eu-central-1",
        MEDIA_OPS_S3_PATIENCE="7",
    )
    assert (found.endpoint, found.secure, found.region, found.patience) == ("store:9000", False, "eu-central-1", 7)
    assert (found.access_key, found.secret_key, found.session_token) == (
        "key",
        SecretStr("secret"),
        SecretStr("token"),
    )


def test_the_usual_variables_and_ours_above_them(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {
        "AWS_ENDPOINT_URL": "https://store.example",
        "AWS_ACCESS_KEY_ID": "usual",
        "AWS_SECRET_ACCESS_KEY": "its secret",
        "AWS_SESSION_TOKEN": "its token",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    found = say(monkeypatch, **usual)
    assert (found.endpoint, found.secure, found.region, found.access_key) == (
        "store.example",
        True,
        "eu-west-1",
        "usual",
    )
    assert found.session_token == SecretStr("its token")
    found = say(monkeypatch, MEDIA_OPS_S3_ACCESS_KEY="own", MEDIA_OPS_S3_SECRET_KEY="own secret")
    assert (found.access_key, found.secret_key, found.region) == ("own", SecretStr("own secret"), "eu-west-1")
    assert found.session_token is None  # a token of the other key would be refused


@pytest.mark.parametrize(
    ("endpoint", "said", "secure"),
    [
        ("http://store:9000", "true", False),
        ("https://store:9000", "false", True),
        ("store:9000", "false", False),
        ("store:9000", "", True),
    ],
)
def test_an_address_says_itself_whether_it_is_secure(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, said: str, secure: bool
) -> None:
    found = say(monkeypatch, MEDIA_OPS_S3_ENDPOINT=endpoint, MEDIA_OPS_S3_SECURE=said)
    assert (found.endpoint, found.secure) == ("store:9000", secure)


def test_the_narrower_of_the_usual_variables_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {"AWS_ENDPOINT_URL": "https://all", "AWS_DEFAULT_REGION": "everywhere"}
    found = say(monkeypatch, **usual, AWS_ENDPOINT_URL_S3="https://store", AWS_REGION="here")
    assert (found.endpoint, found.region) == ("store", "here")
    found = say(monkeypatch, AWS_ENDPOINT_URL_S3="", AWS_REGION="")
    assert (found.endpoint, found.region) == ("all", "everywhere")


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"MEDIA_OPS_S3_{name}" for name in ("ENDPOINT", "SECURE", "REGION", "ACCESS_KEY", "PATIENCE")]
    names += ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    assert say(monkeypatch, **dict.fromkeys(names, "")) == S3Settings()


@pytest.mark.parametrize(
    "variables",
    [
        {"MEDIA_OPS_S3_ACCESS_KEY": "key", "AWS_SECRET_ACCESS_KEY": "hidden"},
        {"AWS_SECRET_ACCESS_KEY": "hidden"},
        {"MEDIA_OPS_S3_ENDPOINT": "ftp://hidden@store"},
        {"MEDIA_OPS_S3_ENDPOINT": "http://user:hidden@store"},
        {"MEDIA_OPS_S3_PATIENCE": "hidden"},
        {"MEDIA_OPS_S3_ENDPOINT": "user:hidden@store"},
        {"MEDIA_OPS_S3_ENDPOINT": "store/hidden"},
        {"MEDIA_OPS_S3_ENDPOINT": "http://store?hidden"},
        {"MEDIA_OPS_S3_ENDPOINT": "http://store#hidden"},
        {"MEDIA_OPS_S3_PATIENCE": "601"},
        {"MEDIA_OPS_S3_ENDPOINT": "http://store:hidden"},
        {"MEDIA_OPS_S3_ENDPOINT": "a store"},
    ],
)
def test_what_is_refused_shows_no_secret(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    with pytest.raises(ParamsInvalid, match="MEDIA_OPS_S3_") as caught:
        say(monkeypatch, **variables)
    assert "hidden" not in str(caught.value)


def test_secrets_do_not_show() -> None:
    found = S3Settings(access_key="key", secret_key=SecretStr("hidden"), session_token=SecretStr("hidden"))
    assert "hidden" not in repr(found) + str(found) + found.model_dump_json()
    with pytest.raises(ValidationError) as caught:
        S3Settings.model_validate({"access_key": "key", "session_token": ["hidden"]})
    assert "hidden" not in str(caught.value)
