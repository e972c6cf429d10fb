"""The secrets of one instance, made once and kept in files of mode 0600."""

from __future__ import annotations

import base64
import json
import os
import secrets
import string
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

ADMIN = "admin"


def random_key() -> str:
    """Make a key as long as SHA-512 wants it."""
    return secrets.token_urlsafe(64)


def random_fernet_key() -> str:
    """Make a key for what Airflow encrypts in its database."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def random_password() -> str:
    """Make a password of 119 bits out of letters and digits, easy to copy."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(20))


class Keys(BaseModel):
    """What signs, encrypts and signs in; `instance` tells this home's database from an earlier one's."""

    model_config = ConfigDict(frozen=True)

    instance: str = Field(repr=False, default_factory=random_key)
    password: str = Field(repr=False, default_factory=random_password)
    jwt: str = Field(repr=False, default_factory=random_key)
    api: str = Field(repr=False, default_factory=random_key)
    fernet: str = Field(repr=False, default_factory=random_fernet_key)


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read at any moment, in one step."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)


def passwords_file(home: Path) -> Path:
    """Name the file from which Airflow takes the passwords of its users."""
    return home / "passwords.json"


def login_file(home: Path) -> Path:
    """Name the file that tells our own programs where Airflow is and how to sign in."""
    return home / "login.json"


def load_keys(home: Path) -> Keys:
    """Read the keys of the instance at `home`; make them the first time."""
    path = home / "keys.json"
    if path.exists():
        keys = Keys.model_validate_json(path.read_bytes())
    else:
        keys = Keys()
        write_private(path, keys.model_dump_json())
    write_private(passwords_file(home), json.dumps({ADMIN: keys.password}))
    return keys
