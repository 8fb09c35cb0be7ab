"""`PUT /api/presence`: what is in front. Accepted and checked; nothing asks for it yet."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from holdfast_server.api.bodies import PresenceBody, described, read_body


def presence_routes() -> APIRouter:
    router = APIRouter(tags=["presence"])

    @router.put("/api/presence", status_code=204, openapi_extra=described(PresenceBody))
    async def presence(request: Request) -> Response:
        """Say which thread is open, and whether the page is visible and focused."""
        await read_body(request, PresenceBody)
        return Response(status_code=204)

    return router
