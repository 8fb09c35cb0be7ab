"""`GET /api/poll`: the same entries as the event stream, for those who ask again and again.

    {changed, cursor, entries, more}      or {reset: what bootstrap answers}

`changed` tells whether there are entries; with `thread`, whether any of them is that thread's.
The entries are all of the account's either way, so that the cursor never skips (L4).
"""

import asyncio

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from holdfast_protocol.cursor import Cursor
from holdfast_server.api.account import account_of
from holdfast_server.api.answers import json_answer
from holdfast_server.api.bodies import Before, WaitSeconds
from holdfast_server.api.bootstrap import bootstrap
from holdfast_server.api.catalogue import Catalogue
from holdfast_server.api.feed import Batch
from holdfast_server.api.follower import News
from holdfast_server.api.leaving import until_either
from holdfast_server.api.reading import Reading


def poll_routes(reading: Reading, catalogue: Catalogue) -> APIRouter:
    router = APIRouter(tags=["reading"])

    @router.get("/api/poll")
    async def poll(
        request: Request,
        cursor: str | None = None,
        wait: WaitSeconds = 0,
        thread: Before = None,
    ) -> Response:
        """Return what came after `cursor`, waiting up to `wait` seconds for it."""
        account = account_of(request)
        await reading.flush(account)
        place = reading.place(account, cursor)
        batch = await reading.batch(place)
        if batch is not None and not batch.count and wait:
            waiting = asyncio.create_task(next_batch(reading, account, batch.cursor, wait))
            try:
                await until_either(request.receive, waiting)
            finally:
                has_left = waiting.cancel()  # else it is over, and cancelling does nothing
                await asyncio.wait({waiting})
            if has_left:
                return Response(status_code=204)  # nobody reads it
            batch = waiting.result()
        if batch is None:
            _, content = await bootstrap(reading, catalogue, account)
            return json_answer({"reset": content})
        return json_answer(batch_bytes(batch, thread))

    return router


async def next_batch(
    reading: Reading, account: str, place: Cursor, timeout_s: float
) -> Batch | None:
    """Wait for entries after the place, as a stream does; it counts as one meanwhile (L12)."""
    with reading.follow(account, place) as follower:
        try:
            async with asyncio.timeout(timeout_s):
                while (pulled := await follower.pull()) not in (News.RESET, News.ENDED):
                    if isinstance(pulled, Batch):
                        return pulled
        except TimeoutError:
            pass  # its time is up: what there is now is the answer
    return await reading.batch(place)


def batch_bytes(batch: Batch, thread: str | None) -> bytes:
    """Return the answer for a batch. Its entries are JSON already; only `thread` has them read."""
    entries = batch.entries_json
    changed = bool(batch.count)
    if thread is not None:
        changed = any(entry.get("thread") == thread for entry in orjson.loads(entries))
    head = orjson.dumps({"changed": changed, "cursor": str(batch.cursor), "more": batch.more})
    return head[:-1] + b',"entries":' + entries + b"}"
