"""The fates of `media_ops.errors` as Airflow's retry rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.definitions.retry_policy import RetryDecision

from media_ops.errors import ChildDied, InputError, MemoryExceeded, OurError, Stalled, WorldError

RETRIES = 3
# What was killed begins again at once, and so before its siblings that wait: a slot that they have taken meanwhile is
# free again when a segment is done. What is out of reach gets time, each time more.
RETRY_DELAY = timedelta(0)
_FIRST_PAUSE = timedelta(seconds=3)
_FACTOR = 4

# A bug stays a bug at the second try. What is not named here is the world's: a lost connection to Airflow's API, a
# full disk. Of a task whose own process was killed nobody is asked, and RETRY_DELAY counts.
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

_KILLED: list[Any] = [ChildDied, MemoryExceeded, Stalled]


class GrowingPauses(ExceptionRetryPolicy):
    """Rules whose pause is meant for the first retry; the second waits four times as long, and so on."""

    def evaluate(self, exception: BaseException, try_number: int, *more: Any, **named: Any) -> RetryDecision:
        """Decide as the rules say."""
        decision = super().evaluate(exception, try_number, *more, **named)
        if decision.action is not RetryAction.RETRY or decision.retry_delay is None:
            return decision
        pause = decision.retry_delay * _FACTOR ** min(max(0, try_number - 1), RETRIES)
        return RetryDecision(action=decision.action, retry_delay=pause, reason=decision.reason)


RETRY_POLICY = GrowingPauses(
    rules=[
        RetryRule(exception=InputError, action=RetryAction.FAIL, reason="the input or the request is at fault"),
        RetryRule(exception=OurError, action=RetryAction.FAIL, reason="we broke a promise: look into it"),
        RetryRule(exception=_KILLED, action=RetryAction.RETRY, retry_delay=RETRY_DELAY, reason="it was ended"),
        RetryRule(
            exception=WorldError, action=RetryAction.RETRY, retry_delay=_FIRST_PAUSE, reason="worth another try"
        ),
        RetryRule(exception=_BUGS, action=RetryAction.FAIL, reason="a bug: look into it"),
        RetryRule(exception=Exception, action=RetryAction.RETRY, retry_delay=_FIRST_PAUSE, reason="not ours"),
    ],
    default=RetryAction.DEFAULT,
)
