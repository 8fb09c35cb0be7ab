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
from holdfast_server.api.reading import Reading
from holdfast_server.journal.port import Page


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
        page = await reading.entries(place)
        if page is not None and not page.entries and wait:
            page = await next_page(reading, account, page.cursor, wait)
        if page is None:
            _, content = await bootstrap(reading, catalogue, account)
            return json_answer({"reset": content})
        return json_answer(page_bytes(page, thread))

    return router


async def next_page(reading: Reading, account: str, place: Cursor, timeout_s: float) -> Page | None:
    """Wait for entries after the place. While it waits, a poll counts as a stream (L12)."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout_s
    with reading.stream(account):
        while await reading.wait(place, max(0.0, until - loop.time())):
            page = await reading.entries(place)
            if page is None or page.entries:
                return page
    return await reading.entries(place)


def page_bytes(page: Page, thread: str | None) -> bytes:
    """Return the answer for a page. Its entries are JSON already and are not read again."""
    changed = bool(page.entries)
    if thread is not None:
        changed = any(orjson.loads(entry).get("thread") == thread for entry in page.entries)
    head = orjson.dumps({"changed": changed, "cursor": str(page.cursor), "more": page.more})
    return head[:-1] + b',"entries":[' + ",".join(page.entries).encode() + b"]}"
