"""The server's end in memory: the real journal, answering by the HTTP contract without HTTP.

A scripted runner stands where models answer: it appends what the test tells it to. `states` are
all states that the journal ever had, folded from its own entries.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from backend.tests.journal.world import Answer, World
from frontend.tests.shell.world import Connection, Request, Tab
from holdfast_protocol.codec import decode_entry, encode_message, encode_thread
from holdfast_protocol.cursor import parse_cursor
from holdfast_protocol.fold import fold
from holdfast_protocol.sse import encode_frame
from holdfast_protocol.state import State
from holdfast_server.journal.commands import DeleteThread, Send
from holdfast_server.journal.port import MessagesOf, Threads
from holdfast_server.journal.refusals import Conflict, Gone, NotFound, Refusal
from holdfast_server.journal.sqlite import SqliteJournal

MESSAGES = re.compile(r"/api/threads/([^/]+)/messages(?:\?before=(.+))?")
THREAD = re.compile(r"/api/threads/([^/]+)")
STOP = re.compile(r"/api/messages/([^/]+)/stop")
STATUS = {NotFound: 404, Gone: 410, Conflict: 409}


class Writing:
    """A run under way, and the one part that it writes."""

    def __init__(self, answer: Answer, part: str) -> None:
        self.answer = answer
        self.part = part
        self.is_begun = False


class JournalServer:
    """Everything that the page asks is answered from the journal, as it is at that moment."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.journal = journal
        self.world = World(journal)
        self.writing: list[Writing] = []
        self.states = [State(0)]
        self.posted: list[str] = []

    @property
    def state(self) -> State:
        return self.states[-1]

    def true_text(self, message: str, part: str) -> str | None:
        for window in self.state.windows.values():
            held = window.messages.get(message)
            if held is not None:
                return next((one.source for one in held.parts if one.id == part), None)
        return None

    async def learn(self) -> None:
        """Fold what the journal has that `states` lack."""
        while True:
            cursor = (await self.journal.head(self.world.account)).at(self.state.seq)
            page = await self.journal.entries(cursor)
            assert page is not None
            for text in page.entries:
                self.states.append(fold(self.state, decode_entry(json.loads(text))))
            if not page.more:
                return

    # --- the runner ---

    async def ask(self, thread: str, text: str = "hello") -> Writing:
        """A question from another device."""
        answer = await self.world.send(thread, text)
        return await self._take_up(answer)

    async def _take_up(self, answer: Answer) -> Writing:
        writing = Writing(answer, self.world.id())
        self.writing.append(writing)
        await self.learn()
        return writing

    async def say(self, writing: Writing, text: str) -> None:
        answer = writing.answer
        if not writing.is_begun:
            writing.is_begun = True
            await self.world.do(answer.start(), answer.write(answer.opens(writing.part)))
        await self.world.do(answer.write(answer.says(writing.part, text)))
        await self.learn()

    async def end(self, writing: Writing, status: str = "complete") -> None:
        self.writing.remove(writing)
        await self.world.do(writing.answer.end(status))
        await self.learn()

    async def delete(self, thread: str) -> None:
        self.writing = [one for one in self.writing if one.answer.thread != thread]
        await self.world.do(DeleteThread(thread))
        await self.learn()

    # --- requests ---

    async def respond(self, tab: Tab, request: Request) -> None:
        try:
            status, body = await self._answer(request)
        except Refusal as refused:
            status = STATUS[type(refused)]
            error = {"code": refused.code, "message": refused.message, "retryable": False}
            body = {"error": error}
        if request in tab.http.pending:
            tab.http.answer(request, status, json.loads(json.dumps(body)))

    async def _answer(self, request: Request) -> tuple[int, Any]:
        if request.path == "/api/bootstrap":
            return 200, await self.bootstrap()
        for pattern, method, answer in self._routes():
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return await answer(request, *match.groups())
        raise AssertionError(f"no such call: {request.method} {request.path}")

    def _routes(self) -> tuple[tuple[re.Pattern[str], str, Callable[..., Any]], ...]:
        return (
            (MESSAGES, "GET", self._history),
            (MESSAGES, "POST", self._send),
            (THREAD, "DELETE", self._delete),
            (STOP, "POST", self._stop),
        )

    async def bootstrap(self) -> dict[str, Any]:
        listed = await self.journal.snapshot(Threads(self.world.account, limit=100))
        return {
            "account": self.world.account,
            "journal": listed.cursor.journal,
            "threads": [encode_thread(thread) for thread in listed.threads],
            "has_more": listed.has_more,
            "models": ["scripted"],
            "model": {"name": "scripted", "demo": False},
            "limits": {},
            "versions": {"protocol": 1},
            "cursor": str(listed.cursor),
            "now": 0,
        }

    async def _history(self, request: Request, thread: str, before: str | None) -> tuple[int, Any]:
        scope = MessagesOf(self.world.account, thread, before=before, limit=6)
        page = await self.journal.snapshot(scope)
        return 200, {
            "thread": encode_thread(page.thread),
            "messages": [encode_message(message) for message in page.messages],
            "cursor": str(page.cursor),
            "has_more": page.has_more,
        }

    async def _send(self, request: Request, thread: str, _: None) -> tuple[int, Any]:
        body = request.body
        known = body["id"] in self.posted
        command = Send(
            thread=thread,
            message=body["id"],
            reply=body["reply"],
            text=body["text"],
            parent=None,
            model=None,
            run=self.world.id(),
            part=self.world.id(),
        )
        receipt = await self.world.do(command)
        if not known:
            self.posted.append(body["id"])
            await self._take_up(Answer(command, self.journal.epoch))
        return 202, {**receipt.answer, "cursor": str(receipt.cursor)}

    async def _delete(self, request: Request, thread: str) -> tuple[int, Any]:
        await self.delete(thread)
        return 200, {}

    async def _stop(self, request: Request, message: str) -> tuple[int, Any]:
        for writing in self.writing:
            if writing.answer.message == message:
                await self.end(writing, "stopped")
        return 200, {"message": message}

    # --- the stream ---

    async def stream(self, tab: Tab) -> bool:
        """Do the next thing on the tab's stream, if there is one."""
        connection = tab.events.connection
        if connection is None:
            return False
        if not connection.is_open:
            connection.is_open = True
            connection.at = parse_cursor(connection.url.partition("cursor=")[2])
            connection.opened()
            return True
        frame = await self._frame(connection)
        if frame is not None:
            connection.text(frame.decode())
        return frame is not None

    async def _frame(self, connection: Connection) -> bytes | None:
        page = None if connection.at is None else await self.journal.entries(connection.at)
        if page is None:
            content = await self.bootstrap()
            connection.at, connection.is_told = parse_cursor(content["cursor"]), False
            return encode_frame("reset", json.dumps(content).encode(), content["cursor"])
        if page.entries:
            connection.at = page.cursor
            data = f"[{','.join(page.entries)}]".encode()
            return encode_frame("journal", data, str(page.cursor))
        if not connection.is_told:
            connection.is_told = True
            return encode_frame("caught-up", b'{"now": 0}')
        return None
