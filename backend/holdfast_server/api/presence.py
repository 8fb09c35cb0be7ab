"""`PUT /api/presence`: what is in front. Accepted and checked; nothing asks for it yet."""

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from holdfast_server.api.bodies import PresenceBody, described, read_body
from holdfast_server.api.client import parse_client

log = structlog.get_logger()


def presence_routes() -> APIRouter:
    router = APIRouter(tags=["presence"])

    @router.put("/api/presence", status_code=204, openapi_extra=described(PresenceBody))
    async def presence(request: Request) -> Response:
        """Say which thread is open, and whether the page is visible and focused."""
        body = await read_body(request, PresenceBody)
        client = parse_client(request.headers.get("x-holdfast-client"))
        if client is not None:
            log.debug("presence", tab=client.tab, visible=body.visible, focused=body.focused)
        return Response(status_code=204)

    return router
