"""Runs a server over a socket until a signal ends it, within five seconds (L10).

So does the loss of the store to another process (L6), as nothing can be journalled any more.

The order at the end matters: first the runs end and are written, then the streams have shown
it and end, then connections close, then the store. uvicorn by itself would wait for streams
that never end.
"""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast_protocol.limits import SHUTDOWN_S_MAX
from holdfast_server.api.errors import error_answer
from holdfast_server.app import Server
from holdfast_server.journal.port import Journal
from holdfast_server.models.port import Model

log = structlog.get_logger()

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LAST_BYTES_S_MAX = int(SHUTDOWN_S_MAX / 5)
"""How long connections may take to send what is left, once runs and streams have ended."""

ENDING = "Holdfast is stopping. Try again when it is back."


class LetGo:
    """The app, with an answer for those requests that are still under way at the very end.

    uvicorn cancels them, and would log each with a trace as if the app had failed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        def watched_send(message: Message) -> Awaitable[None]:
            nonlocal has_begun
            has_begun = True
            return send(message)

        try:
            await self._app(scope, receive, watched_send)
        except asyncio.CancelledError:
            log.warning("request let go at the end", path=scope["path"])
            if not has_begun:
                await error_answer(503, "ending", ENDING, retryable=True)(scope, receive, send)


class WebServer(uvicorn.Server):
    """uvicorn, told what to do when it is ready and before it lets go of its connections."""

    def __init__(self, server: Server, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                LetGo(server.app),
                access_log=False,
                lifespan="off",
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=LAST_BYTES_S_MAX,
                ws="none",
            )
        )
        self._server = server
        self._on_ready = on_ready
        self._has_let_go = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._server.catalogue.refresh()
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.let_go()
        await super().shutdown(sockets)

    async def let_go(self) -> None:
        """End runs and streams; once, for what did not end in its time would take it again."""
        if not self._has_let_go:
            self._has_let_go = True
            await self._server.end()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on a signal, and return normally: uvicorn's own would raise it again at the end."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.end)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    def end(self) -> None:
        """Let everything come to its end. Calling it again is harmless."""
        self.should_exit = True


async def serve(
    server: Server,
    journal: Journal,
    model: Model,
    listening: socket.socket,
    on_ready: Callable[[], None],
) -> str | None:
    """Serve until a signal comes; then everything is ended, written and closed.

    Serving ends too when another process has taken the store over: a sentence that says so is
    returned then.
    """
    web = WebServer(server, on_ready)
    loss = asyncio.create_task(journal.lost())
    loss.add_done_callback(lambda _: web.end())
    try:
        await web.serve([listening])
    finally:
        loss.cancel()
        await web.let_go()
        await model.aclose()
        await journal.close()
        await asyncio.wait({loss})
    return None if loss.cancelled() else loss.result()
