"""Messages: read a thread's history, send, stop, continue, delete."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from holdfast_protocol.codec import encode_message, encode_thread
from holdfast_server.api.account import account_of
from holdfast_server.api.answers import json_answer, receipt_answer
from holdfast_server.api.bodies import (
    Before,
    ContinueBody,
    MessagesLimit,
    PathId,
    SendBody,
    described,
    read_body,
)
from holdfast_server.api.reading import Reading
from holdfast_server.journal.commands import ContinueReply, DeleteMessage, Send
from holdfast_server.journal.port import MessagesOf
from holdfast_server.runs.minting import new_id
from holdfast_server.runs.supervisor import Supervisor


def messages_routes(reading: Reading, runs: Supervisor) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["messages"])

    @router.get("/threads/{thread}/messages")
    async def history(
        request: Request, thread: PathId, before: Before = None, limit: MessagesLimit = 50
    ) -> Response:
        """A page of the thread's chosen path, newest first."""
        scope = MessagesOf(account_of(request), thread, before=before, limit=limit)
        page = await reading.snapshot(scope)
        return json_answer(
            {
                "thread": encode_thread(page.thread),
                "messages": [encode_message(message) for message in page.messages],
                "cursor": str(page.cursor),
                "has_more": page.has_more,
            }
        )

    @router.post("/threads/{thread}/messages", status_code=202, openapi_extra=described(SendBody))
    async def send(request: Request, thread: PathId) -> Response:
        """Ask, and see to the answer; both and the run are journalled before this returns."""
        body = await read_body(request, SendBody)
        command = Send(
            thread=thread,
            message=body.id,
            reply=body.reply,
            text=body.text,
            parent=body.parent,
            model=body.model,
            run=new_id(),
            part=body.id,
        )
        return receipt_answer(await runs.send(account_of(request), command), status=202)

    @router.post("/messages/{message}/stop")
    async def stop(request: Request, message: PathId) -> Response:
        """End the work on a reply, also one that is yet to come. Again is the same."""
        account = account_of(request)
        await runs.stop(account, message)
        head = await reading.journal.head(account)
        return json_answer({"message": message, "cursor": str(head)})

    @router.post(
        "/messages/{message}/continue", status_code=202, openapi_extra=described(ContinueBody)
    )
    async def continue_reply(request: Request, message: PathId) -> Response:
        """Let a reply go on that waits for the person; `run` is the one it was made for."""
        body = await read_body(request, ContinueBody)
        command = ContinueReply(message, body.run)
        receipt = await runs.continue_reply(account_of(request), command)
        return receipt_answer(receipt, status=202)

    @router.delete("/messages/{message}")
    async def delete_message(request: Request, message: PathId) -> Response:
        """Delete a message with what hangs below it, and end its runs."""
        return receipt_answer(await runs.delete(account_of(request), DeleteMessage(message)))

    return router
