"""Puts the server together: journal, model, runs and the HTTP contract.

The one place that knows all of them. What reads is given no more than reading needs (L7).
"""

from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast_protocol.limits import WINDOW_MS_MAX
from holdfast_server.api.bodies import invalid
from holdfast_server.api.bootstrap import VERSIONS
from holdfast_server.api.catalogue import Catalogue
from holdfast_server.api.errors import HANDLERS, PLAIN, error_answer, on_api_error
from holdfast_server.api.events import events_routes
from holdfast_server.api.guard import Guard
from holdfast_server.api.health import health_routes
from holdfast_server.api.messages import messages_routes
from holdfast_server.api.metrics import metrics_routes
from holdfast_server.api.poll import poll_routes
from holdfast_server.api.presence import presence_routes
from holdfast_server.api.reading import Reading
from holdfast_server.api.start import bootstrap_routes
from holdfast_server.api.threads import threads_routes
from holdfast_server.journal.port import Journal
from holdfast_server.models.port import Model
from holdfast_server.runs.supervisor import Supervisor
from holdfast_server.settings import CONTEXT_CHARS
from holdfast_server.static import Page, page_folder

NO_TELEMETRY = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""Nothing leaves this machine but questions to the model."""


@dataclass(frozen=True, slots=True)
class Server:
    """One process's server. `app` is what a web server runs."""

    app: ASGIApp
    runs: Supervisor
    reading: Reading
    catalogue: Catalogue

    async def end(self) -> None:
        """End every run and every stream; what was journalled has been read by who was looking."""
        await self.runs.close()
        await self.reading.close()
        await self.catalogue.close()


def make_server(
    journal: Journal,
    model: Model,
    *,
    host: str = "127.0.0.1",
    page: Path | None = None,
    context_chars: int = CONTEXT_CHARS,
    window_ms: float = WINDOW_MS_MAX,
) -> Server:
    """Return the server over an open journal. The caller closes journal and model after `end`."""
    runs = Supervisor(
        journal, model, journal.epoch, context_chars=context_chars, window_ms=window_ms
    )
    reading = Reading(journal, flush=runs.flush, is_active=runs.is_active)
    catalogue = Catalogue(model.name, model.demo, model.list_models)
    app = FastAPI(
        title="Holdfast",
        version=str(VERSIONS["server"]),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(RequestValidationError, on_invalid)
    for routes in (
        bootstrap_routes(reading, catalogue),
        threads_routes(reading, runs),
        messages_routes(reading, runs),
        events_routes(reading, catalogue),
        poll_routes(reading, catalogue),
        presence_routes(),
        health_routes(reading),
        metrics_routes(reading, runs.active_runs),
    ):
        app.include_router(routes)
    app.router.default = Beside(Page(page or page_folder()), app.router.not_found)
    return Server(Guard(app, host), runs, reading, catalogue)


class Beside:
    """What is at no address of the contract: the page's files, but never below /api."""

    def __init__(self, page: ASGIApp, not_found: ASGIApp) -> None:
        self._page = page
        self._not_found = not_found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] != "http" or scope["path"].startswith("/api")
        await (self._not_found if is_api else self._page)(scope, receive, send)


async def on_invalid(request: Request, error: RequestValidationError) -> Response:
    """A path or a query that does not fit. A path with something else for an id: not found."""
    problems = error.errors()
    if problems[0]["loc"][0] == "path":
        code, message = PLAIN[404]
        return error_answer(404, code, message)
    return await on_api_error(request, invalid(problems))
