"""`GET /api/events`: the account's journal as it grows, to one reader.

    journal     id: cursor after it, data: [entry, entry, …]
    caught-up   once the head is reached, data: {now}
    reset       id: new cursor, data: what bootstrap answers
    : beat      so that a dead connection is noticed

The stream holds a cursor and nothing of any run (L7); a reader that is slow is waited for by
nobody else (L11).
"""

from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.sse import BEAT, encode_frame
from holdfast_server.api.account import account_of
from holdfast_server.api.bootstrap import bootstrap, now_ms
from holdfast_server.api.catalogue import Catalogue
from holdfast_server.api.reading import Reading

HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """An answer that is counted as a stream of the account for as long as it is being given.

    Refused at the limit (L12), before its first byte.
    """

    def __init__(self, reading: Reading, account: str, content: AsyncIterator[bytes]) -> None:
        super().__init__(content, media_type="text/event-stream", headers=HEADERS)
        self._reading = reading
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._reading.stream(self._account):
            await super().__call__(scope, receive, send)


async def frames(
    reading: Reading, catalogue: Catalogue, account: str, place: Cursor | None
) -> AsyncIterator[bytes]:
    """Give the stream's frames from `place` on, until the server ends."""
    is_caught_up = False
    while True:
        batch = await reading.batch(place)
        if batch is None:
            place, content = await bootstrap(reading, catalogue, account)
            yield encode_frame("reset", orjson.dumps(content), str(place))
            is_caught_up = False
            continue
        place = batch.page.cursor
        if batch.page.entries:
            yield batch.frame
        if batch.page.more:
            continue
        if not is_caught_up:
            is_caught_up = True
            yield encode_frame("caught-up", orjson.dumps({"now": now_ms()}))
        if not await reading.wait(place, reading.beat_s(account)):
            if reading.is_closed:
                return
            yield BEAT


def events_routes(reading: Reading, catalogue: Catalogue) -> APIRouter:
    router = APIRouter(tags=["reading"])

    @router.get("/api/events")
    async def events(request: Request, cursor: str | None = None) -> Response:
        """Stream the journal from `Last-Event-ID`, else from `cursor`."""
        account = account_of(request)
        place = reading.place(account, request.headers.get("last-event-id", cursor))
        await reading.flush(account)
        return EventStream(reading, account, frames(reading, catalogue, account, place))

    return router
