"""`GET /api/events`: the account's journal as it grows, to one reader.

    journal     id: cursor after it, data: [entry, entry, …]
    caught-up   once the head is reached, data: {now}
    reset       id: new cursor, data: what bootstrap answers
    : beat      so that a dead connection is noticed

The stream holds a place in the journal and nothing of any run (L7).
"""

import asyncio
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.sse import BEAT, encode_frame
from holdfast_server.api.account import account_of
from holdfast_server.api.bootstrap import bootstrap, now_ms
from holdfast_server.api.catalogue import Catalogue
from holdfast_server.api.feed import Batch
from holdfast_server.api.follower import Follower, News
from holdfast_server.api.guard import STRAIGHT
from holdfast_server.api.leaving import until_either
from holdfast_server.api.reading import Reading

log = structlog.get_logger()

HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
MEDIA_TYPE = "text/event-stream"
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `journal`, `caught-up` and `reset`, for as long as both sides last.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    429: {"description": "The account has as many streams as it may have."},
}


class EventStream(Response):
    """The answer that goes on: one task sends, while this one watches for the reader's leaving.

    It is counted among the account's streams while it is given, and refused at the limit before
    its first byte (L12). Starlette's StreamingResponse holds more memory, which counts where there
    are thousands; and each of its frames goes through all layers of the app, and wakes them all.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self, reading: Reading, catalogue: Catalogue, account: str, place: Cursor | None
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers(HEADERS)
        self._reading = reading
        self._catalogue = catalogue
        self._account = account
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._reading.follow(self._account, self._place) as follower:
            head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(head)
            send = scope.get(STRAIGHT, send)
            sending = asyncio.create_task(send_all(self._reading, self._catalogue, follower, send))
            follower.cut = sending.cancel
            try:
                await until_either(receive, sending)
            finally:
                sending.cancel()
                await asyncio.wait({sending})
        if follower.is_closed:
            log.info("stream closed: nobody took what was sent", account=self._account)
        elif not sending.cancelled():
            sending.result()


async def send_all(reading: Reading, catalogue: Catalogue, follower: Follower, send: Send) -> None:
    """Send what comes, and the end of the answer. `send` is what waits for a slow connection."""
    counts, clock_s = reading.counts, reading.clock_s
    while (pulled := await follower.pull()) is not News.ENDED:
        is_batch = isinstance(pulled, Batch)
        frame = pulled.frame if is_batch else await news_frame(pulled, reading, catalogue, follower)
        follower.sending_since_s = clock_s()
        await send({"type": "http.response.body", "body": frame, "more_body": True})
        follower.sending_since_s = None
        if is_batch:
            counts.frames += 1
            counts.entries += pulled.count
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def news_frame(
    news: News, reading: Reading, catalogue: Catalogue, follower: Follower
) -> bytes:
    """Return the frame that tells a follower what is no entry. A reset moves it to a new place."""
    match news:
        case News.BEAT:
            return BEAT
        case News.CAUGHT_UP:
            return encode_frame("caught-up", orjson.dumps({"now": now_ms()}))
        case News.RESET:
            place, content = await bootstrap(reading, catalogue, follower.account)
            follower.go_on_from(place)
            return encode_frame("reset", orjson.dumps(content), str(place))
        case _:
            raise ValueError(f"{news} is told by no frame")


def events_routes(reading: Reading, catalogue: Catalogue) -> APIRouter:
    router = APIRouter(tags=["reading"])

    @router.get("/api/events", response_class=Response, responses=DOCUMENTED)
    async def events(request: Request, cursor: str | None = None) -> Response:
        """Stream the journal from `Last-Event-ID`, else from `cursor`."""
        account = account_of(request)
        place = reading.place(account, request.headers.get("last-event-id", cursor))
        await reading.flush(account)
        return EventStream(reading, catalogue, account, place)

    return router
