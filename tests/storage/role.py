"""A role on the tests' S3 server that the tests' user may take on."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.storage.server import ROOT, Server

ROLE = "arn:aws:iam::000000000000:role/media"


def make_role(server: Server) -> str:
    """Make it, unless it is there; it may do everything."""
    people = boto3.client("iam", endpoint_url=server.address, region_name="us-east-1", **ROOT)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    with contextlib.suppress(ClientError):  # it may be there
        people.create_role(RoleName="media", AssumeRolePolicyDocument=_policy(trust))
    arn = people.get_role(RoleName="media")["Role"]["Arn"]
    people.put_role_policy(RoleName="media", PolicyName="all", PolicyDocument=_policy(everything))
    return str(arn)


def connection_to(server: Server) -> dict[str, Any]:
    """Give what an Airflow connection says of the server: the user, the place and where roles are given out."""
    secret = server.settings.secret_key
    assert secret is not None
    extra: dict[str, Any] = {"endpoint_url": server.address, "region_name": "us-east-1"}
    extra |= {"service_config": {"sts": {"endpoint_url": server.address}}}
    return {
        "conn_type": "aws",
        "login": server.settings.access_key,
        "password": secret.get_secret_value(),
        "extra": extra,
    }


def _policy(statement: dict[str, Any]) -> str:
    # Without blanks, which radosgw takes for a plus.
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
