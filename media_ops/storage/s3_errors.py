"""What an object store's errors mean to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_ops.errors import MediaError, StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

MISSING = "there is no such object"
REFUSALS = {
    "AccessDenied": "permission denied",
    "AllAccessDisabled": "permission denied: all access is disabled",
    "AccountProblem": "the account has a problem that its owner must solve",
    "AuthorizationHeaderMalformed": "the server wants another region than the one that is set",
    "AuthorizationQueryParametersError": "the server wants another region than the one that is set",
    "BadRequest": "the server does not take the request; wrong region, or not an object store?",
    "EntityTooLarge": "it is larger than this store takes in one piece",
    "ExpiredToken": "the session token has expired",
    "InvalidAccessKeyId": "the access key is not known there",
    "InvalidBucketName": "the bucket's name is not allowed",
    "InvalidToken": "the session token is not valid",
    "InvalidClientTokenId": "the access key or session token is not known there",
    "KeyTooLongError": "the key is too long for this store",
    "MethodNotAllowed": "this store does not offer that",
    "NoSuchBucket": "there is no such bucket",
    "NotImplemented": "this store does not offer that",
    "PermanentRedirect": "the bucket is in another region than the one that is set",
    "RequestTimeTooSkewed": "this machine's clock differs too much from the server's",
    "RequestExpired": "this machine's clock differs too much from the server's",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "TokenRefreshRequired": "the session token must be renewed",
    "XMinioStorageFull": "the store is full",
}


def code_of(error: Exception) -> str | None:
    """Give S3's name of an error; None where the error is none of S3's."""
    return getattr(error, "code", None)


def has_reason(error: Exception) -> bool:
    """Tell whether the server said what is wrong; an answer to HEAD has no body to say it in."""
    answer = getattr(error, "response", None)
    return answer is None or bool(answer.data)


def check_answer(answer: BaseHTTPResponse) -> BaseHTTPResponse:
    """Give a good answer back and raise the minio client's own error for any other."""
    from minio.error import S3Error, ServerError

    # A completion can fail after it was answered with 200.
    if answer.status < 300 and b"<Error" not in answer.data[:200]:
        return answer
    if answer.data.lstrip().startswith(b"<"):
        raise S3Error.fromxml(answer)
    raise ServerError(f"HTTP status {answer.status}", answer.status)


def named(place: str, error: Exception, patience: float = 0) -> MediaError:
    """Give the error of ours that says what happened to `place`; secrets and the server's own words stay out."""
    code = code_of(error)
    if code == "NoSuchKey":
        return StoreUnavailable(f"{place}: {MISSING}")
    if code in REFUSALS:
        return StoreRefused(f"{place}: {REFUSALS[code]} ({code})")
    if code:
        return StoreUnavailable(f"{place}: the server answered {code}")
    status = getattr(error, "status_code", None) or getattr(error, "_code", None)
    if status:
        return StoreUnavailable(f"{place}: the server answered with HTTP status {status}")
    if isinstance(error, OSError):  # whatever happens between us and the server comes as an error of urllib3
        return StoreUnavailable(f"{place}: {(error.strerror or str(error)).lower()}")
    if "certificate" in str(error).lower():
        return StoreRefused(f"{place}: the server's certificate is not trusted")
    tried = f" within {patience:g} seconds of trying" if patience else ""
    return StoreUnavailable(f"{place}: no answer{tried}: {_reason(error)}")


def _reason(error: BaseException) -> str:
    """Give the innermost reason that the system named, else the kind of error."""
    within: BaseException | None = error
    while within is not None:
        if isinstance(within, OSError) and within.strerror:
            return within.strerror.lower()
        within = within.__cause__ or within.__context__
    return {"ReadTimeoutError": "timed out", "ConnectTimeoutError": "timed out"}.get(
        type(error).__name__, type(error).__name__
    )
