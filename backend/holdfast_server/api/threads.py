"""Threads: list, create, change, delete."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from holdfast_protocol.codec import encode_thread
from holdfast_protocol.state import ReadMark
from holdfast_server.api.account import account_of
from holdfast_server.api.answers import json_answer, receipt_answer
from holdfast_server.api.bodies import (
    Before,
    ChangeThreadBody,
    CreateThreadBody,
    PathId,
    Search,
    ThreadsLimit,
    described,
    read_body,
)
from holdfast_server.api.reading import Reading
from holdfast_server.journal.commands import ChangeThread, CreateThread, DeleteThread
from holdfast_server.journal.port import Threads
from holdfast_server.runs.supervisor import Supervisor


def threads_routes(reading: Reading, runs: Supervisor) -> APIRouter:
    router = APIRouter(prefix="/api/threads", tags=["threads"])

    @router.get("")
    async def list_threads(
        request: Request,
        before: Before = None,
        limit: ThreadsLimit = 100,
        q: Search = None,
    ) -> Response:
        """Threads, pinned first, then by `active`; `before` is the id of the last one had."""
        scope = Threads(account_of(request), before=before, limit=limit, q=q or None)
        listed = await reading.snapshot(scope)
        return json_answer(
            {
                "threads": [encode_thread(thread) for thread in listed.threads],
                "cursor": str(listed.cursor),
                "has_more": listed.has_more,
            }
        )

    @router.post("", status_code=201, openapi_extra=described(CreateThreadBody))
    async def create_thread(request: Request) -> Response:
        """Create a thread under an id that the client minted; again is the same answer."""
        body = await read_body(request, CreateThreadBody)
        command = CreateThread(body.id, body.title, body.model, body.instructions)
        receipt = await reading.journal.append(account_of(request), command)
        return receipt_answer(receipt, status=201)

    @router.patch("/{thread}", openapi_extra=described(ChangeThreadBody))
    async def change_thread(request: Request, thread: PathId) -> Response:
        """Change what is given, and nothing else."""
        body = await read_body(request, ChangeThreadBody)
        changes = {name: getattr(body, name) for name in body.model_fields_set}
        if (mark := changes.get("read_through")) is not None:
            changes["read_through"] = ReadMark(mark.message, mark.part, mark.chars)
        command = ChangeThread(thread, changes)
        return receipt_answer(await reading.journal.append(account_of(request), command))

    @router.delete("/{thread}")
    async def delete_thread(request: Request, thread: PathId) -> Response:
        """Delete a thread with all its messages, and end its runs."""
        return receipt_answer(await runs.delete(account_of(request), DeleteThread(thread)))

    return router
