"""Who may ask at all: the gate before every request, written as plain ASGI.

Host is checked on every request, so that no foreign name can be made to point here (DNS
rebinding); Origin and Sec-Fetch-Site on every API call, so that no foreign page can make a
browser ask. Both missing, as from curl, is fine: those who can leave them out are no browsers.
The gate also bounds bodies, and answers for whatever nobody else caught. It is no
BaseHTTPMiddleware: that would tie a handler's life to its client's.
"""

from collections.abc import Awaitable
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast_protocol.limits import BODY_BYTES_MAX
from holdfast_server.api.errors import PLAIN, ApiError, error_answer

log = structlog.get_logger()

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
STRAIGHT = "holdfast.send"
"""In a request's scope: the way out past all layers of the app. For the body of an answer that goes
on and on; its beginning goes through them, so that they know of it."""

OWN_SITES = ("same-origin", "none")


class Guard:
    """Wraps the whole app. `host` is the address that the server is bound to."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = LOOPBACK_NAMES | {host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope["path"], Headers(scope=scope))
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self._pass_on(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if host_name(host) not in self._names:
            return error_answer(403, "bad_host", "This server does not answer to that host name.")
        if path.startswith("/api/") and not is_own_origin(host, headers):
            return error_answer(403, "bad_origin", "Another site may not ask this server.")
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > BODY_BYTES_MAX:
            return _too_large()
        return None

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        read_bytes, has_begun = 0, False

        async def bounded_receive() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > BODY_BYTES_MAX:
                raise ApiError(413, "too_large", _TOO_LARGE)
            return message

        def watched_send(message: Message) -> Awaitable[None]:
            nonlocal has_begun
            has_begun = True
            return send(message)

        scope[STRAIGHT] = send
        try:
            await self._app(scope, bounded_receive, watched_send)
        except Exception as error:
            # Its text may quote what somebody wrote: the type and the place are all that is told.
            log.error("request failed", path=scope["path"], **place_of(error))
            if not has_begun:
                code, message = PLAIN[500]
                await error_answer(500, code, message, retryable=True)(scope, receive, send)


def host_name(host: str) -> str | None:
    """Return the name in a Host header, without its port; None if it is no such header."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018  raises when the port is none
        is_bare = parts.netloc == host and "@" not in host
        return parts.hostname if is_bare else None
    except ValueError:
        return None


def is_own_origin(host: str, headers: Headers) -> bool:
    """Whether the page that asks, if one does, is the one that this server serves."""
    origin = headers.get("origin")
    if origin is not None:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or parts.netloc.lower() != host.lower():
            return False
    return headers.get("sec-fetch-site", "none") in OWN_SITES


def place_of(error: BaseException) -> dict[str, str]:
    """Return an exception's type and where in our code it was raised, for the log."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return {"error": type(error).__name__, "place": place}


_TOO_LARGE = f"The body may have at most {BODY_BYTES_MAX:,} bytes."


def _too_large() -> Response:
    return error_answer(413, "too_large", _TOO_LARGE)
