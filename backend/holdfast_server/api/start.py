"""`GET /api/bootstrap`: all that a browser needs to begin with, in one answer."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from holdfast_server.api.account import account_of
from holdfast_server.api.answers import json_answer
from holdfast_server.api.bootstrap import bootstrap
from holdfast_server.api.catalogue import Catalogue
from holdfast_server.api.reading import Reading


def bootstrap_routes(reading: Reading, catalogue: Catalogue) -> APIRouter:
    router = APIRouter(tags=["reading"])

    @router.get("/api/bootstrap")
    async def get_bootstrap(request: Request) -> Response:
        """Account, journal, first threads, models, limits, versions, cursor."""
        _, content = await bootstrap(reading, catalogue, account_of(request))
        return json_answer(content)

    return router
