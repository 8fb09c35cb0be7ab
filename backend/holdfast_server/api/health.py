"""`GET /healthz`: whether the process lives and its store takes writes."""

from fastapi import APIRouter
from starlette.responses import Response

from holdfast_server.api.answers import json_answer
from holdfast_server.api.reading import Reading


def health_routes(reading: Reading) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> Response:
        """Write and read the store. 503 with what is wrong when it takes no writes."""
        await reading.journal.check()
        return json_answer({"status": "ok"})

    return router
