"""The fates of `media_ops.errors` as Airflow's retry rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from media_ops.errors import InputError, OurError, WorldError

RETRIES = 3
RETRY_DELAY = timedelta(seconds=3)

# A bug stays a bug at the second try. What is not named here (a lost connection to Airflow's API, a full disk, the
# task's own process killed) is the world's, and Airflow's usual retries apply.
_BUGS: list[Any] = [
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
    NameError,
    ArithmeticError,
    ImportError,
    NotImplementedError,
]

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=InputError, action=RetryAction.FAIL, reason="the input or the request is at fault"),
        RetryRule(exception=OurError, action=RetryAction.FAIL, reason="we broke a promise: look into it"),
        RetryRule(
            exception=WorldError, action=RetryAction.RETRY, retry_delay=RETRY_DELAY, reason="worth another try"
        ),
        RetryRule(exception=_BUGS, action=RetryAction.FAIL, reason="a bug: look into it"),
    ],
    default=RetryAction.DEFAULT,
)
