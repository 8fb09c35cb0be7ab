"""Every refusal and mishap as `{"error": {code, message, retryable}}`, with a fitting status.

    ApiError                     the request itself is wrong
    journal.refusals.Refusal     the command cannot be carried out
    StoreUnavailable             nobody's fault who asks; worth another try

No traces, no HTML, and no text that somebody wrote.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from holdfast_protocol.errors import HoldfastError
from holdfast_server.api.answers import json_answer
from holdfast_server.journal.refusals import Refusal, StoreUnavailable, TooMany

STATUS_OF = {
    "invalid": 422,
    "not_found": 404,
    "gone": 410,
    "conflict": 409,
    "fenced": 409,
    "too_many": 429,
}
"""By a refusal's code; what is not listed is a conflict with what is there."""

PLAIN = {
    400: ("bad_request", "This request cannot be understood."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not know that method."),
    413: ("too_large", "This request is too large."),
    500: ("internal", "Holdfast failed at this request. Its log says where."),
}
"""What is said of what the framework itself refuses."""


class ApiError(HoldfastError):
    """The request is wrong in itself; the journal was not asked."""

    def __init__(self, status: int, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retryable = retryable


def error_answer(
    status: int,
    code: str,
    message: str,
    *,
    retryable: bool = False,
    headers: dict[str, str] | None = None,
) -> Response:
    error = {"code": code, "message": message, "retryable": retryable}
    return json_answer({"error": error}, status=status, headers=headers)


async def on_api_error(request: Request, error: ApiError) -> Response:
    return error_answer(error.status, error.code, error.message, retryable=error.retryable)


async def on_refusal(request: Request, refusal: Refusal) -> Response:
    status = STATUS_OF.get(refusal.code, 409)
    retryable = isinstance(refusal, TooMany)
    return error_answer(status, refusal.code, sentence(refusal.message), retryable=retryable)


def sentence(message: str) -> str:
    """Return what the journal says of a refusal as a person reads it."""
    return f"{message[:1].upper()}{message[1:].removesuffix('.')}."


async def on_store_unavailable(request: Request, error: StoreUnavailable) -> Response:
    """Which trouble it is, and what to do. Its own words may name what is on the machine."""
    return error_answer(
        503,
        error.code,
        error.sentence,
        retryable=True,
        headers={"Retry-After": "1"},
    )


async def on_http_exception(request: Request, error: HTTPException) -> Response:
    """What the framework refuses by itself: unknown addresses, wrong methods."""
    code, message = PLAIN.get(error.status_code, ("refused", "This request was refused."))
    headers = dict(error.headers) if error.headers else None
    return error_answer(error.status_code, code, message, headers=headers)


async def on_exception(request: Request, error: Exception) -> Response:
    """Our own bug. The framework passes it on to the guard, which logs it."""
    code, message = PLAIN[500]
    return error_answer(500, code, message, retryable=True)


HANDLERS = {
    ApiError: on_api_error,
    Refusal: on_refusal,
    StoreUnavailable: on_store_unavailable,
    HTTPException: on_http_exception,
    Exception: on_exception,
}
