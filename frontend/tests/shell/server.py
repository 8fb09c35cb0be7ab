"""A server in memory: a scripted journal, answered in the JSON shapes of the HTTP contract."""

import json
import re
from typing import Any

from frontend.tests.core.truth import PLACE, Truth
from frontend.tests.protocol.script import Script, Turn
from frontend.tests.shell.world import Browser, Connection, Request, Tab
from holdfast_protocol.codec import encode_entry, encode_message, encode_thread
from holdfast_protocol.cursor import Cursor, parse_cursor
from holdfast_protocol.events import MessageCreated, ThreadCreated
from holdfast_protocol.sse import encode_frame
from holdfast_protocol.state import Part
from holdfast_web.core.app import Place

CONTINUE = re.compile(r"/api/messages/([^/]+)/continue")
HISTORY = re.compile(r"/api/threads/([^/]+)/messages(?:\?before=(.+))?")
PER_FRAME = 3
"""Entries in one frame: few, so that schedules have many."""


class ScriptServer:
    """Holds a journal; `serve` makes everything that it can do for a browser happen."""

    def __init__(self, script: Script | None = None, place: Place = PLACE) -> None:
        self.script = script or Script()
        self.place = place
        self.is_up = True
        self.posted: list[dict[str, Any]] = []
        self.continued: list[tuple[str, str]] = []

    @property
    def truth(self) -> Truth:
        return Truth(self.script.entries)

    @property
    def head(self) -> Cursor:
        return self.place.cursor(len(self.script.entries))

    # --- requests ---

    def respond(self, tab: Tab, request: Request) -> None:
        """Answer one request by the journal as it is now."""
        tab.http.answer(request, *(self._answer(request) if self.is_up else (0, None)))

    def _answer(self, request: Request) -> tuple[int, Any]:
        if request.path == "/api/bootstrap":
            return 200, self.bootstrap()
        match = HISTORY.fullmatch(request.path)
        if match and request.method == "GET":
            return self._history(match[1], match[2])
        if match and request.method == "POST":
            return self._send(match[1], request.body)
        match = CONTINUE.fullmatch(request.path)
        if match and request.method == "POST":
            return self._continue(match[1], request.body["run"])
        return 200, {}

    def bootstrap(self) -> dict[str, Any]:
        threads = self.truth.at().threads.values()
        return {
            "account": self.place.account,
            "journal": self.place.journal,
            "threads": [encode_thread(thread) for thread in threads],
            "models": ["demo"],
            "model": {"name": "demo", "demo": True},
            "cursor": str(self.head),
            "now": 0,
        }

    def _history(self, thread: str, before: str | None) -> tuple[int, Any]:
        truth = self.truth
        page = truth.page(thread, before=before)
        if page is None:
            return 404, {"error": {"code": "not_found", "message": "No.", "retryable": False}}
        return 200, {
            "thread": encode_thread(truth.at().threads[thread]),
            "messages": [encode_message(message) for message in page[0]],
            "cursor": str(self.head),
            "has_more": page[1],
        }

    def _send(self, thread: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Journal the question and its reply, once."""
        script = self.script
        if body["id"] not in script.turns:
            self.posted.append(body)
            if thread not in script.leaves:
                script.leaves[thread], script.titles[thread] = None, ""
                script.write(ThreadCreated(thread, ""))
            part = Part(script.id(), "text", text=body["text"])
            parent = script.leaves[thread]
            script.write(
                MessageCreated(thread, body["id"], "user", parent, "complete", None, (part,))
            )
            asked = Turn(body["id"], thread, "user", parent, "complete")
            script.turns[asked.id] = asked
            script.leaves[thread] = asked.id
            reply = Turn(body["reply"], thread, "assistant", asked.id, "pending", run=script.id())
            script.turns[reply.id] = reply
            script.leaves[thread] = reply.id
            script.write(
                MessageCreated(thread, reply.id, "assistant", asked.id, "pending", run=reply.run)
            )
        return 202, {"message": body["id"], "reply": body["reply"], "cursor": str(self.head)}

    def _continue(self, message: str, run: str) -> tuple[int, Any]:
        """Let a queued reply begin."""
        self.continued.append((message, run))
        turn = self.script.turns[message]
        if turn.status == "queued":
            self.script.promote(turn)
        return 202, {"message": message, "run": run, "cursor": str(self.head)}

    # --- the stream ---

    def stream(self, tab: Tab) -> bool:
        """Do the next thing on the tab's stream, if there is one."""
        connection = tab.events.connection
        if connection is None:
            return False
        if not self.is_up:
            tab.events.cut()
            return True
        if not connection.is_open:
            connection.is_open = True
            connection.at = parse_cursor(connection.url.partition("cursor=")[2])
            connection.opened()
            return True
        frame = self._frame(connection)
        if frame is not None:
            connection.text(frame.decode())
        return frame is not None

    def _frame(self, connection: Connection) -> bytes | None:
        at, head = connection.at, self.head
        if at is None or at != head.at(at.seq) or at.seq > head.seq:
            connection.at, connection.is_told = head, False
            return encode_frame("reset", json.dumps(self.bootstrap()).encode(), str(head))
        if at.seq < head.seq:
            connection.at = at.at(min(head.seq, at.seq + PER_FRAME))
            entries = self.script.entries[at.seq : connection.at.seq]
            page = json.dumps([encode_entry(entry) for entry in entries])
            return encode_frame("journal", page.encode(), str(connection.at))
        if not connection.is_told:
            connection.is_told = True
            return encode_frame("caught-up", b'{"now": 0}')
        return None


def serve(browser: Browser, server: ScriptServer) -> None:
    """Let the browser and the server do all they can until both are quiet."""
    for _ in range(10_000):
        browser.settle()
        busy = False
        for tab in list(browser.tabs):
            for request in list(tab.http.pending):
                server.respond(tab, request)
                busy = True
            busy = server.stream(tab) or busy
        if not busy and browser.is_quiet:
            return
    raise AssertionError("never quiet")


def pass_time(browser: Browser, server: ScriptServer, ms: int) -> None:
    """Let time go by, in steps to whatever is due next."""
    end = browser.now + ms
    serve(browser, server)
    while True:
        due = [at for tab in browser.tabs for at, _ in tab.clock.timers.values() if at <= end]
        if not due:
            break
        browser.now = max(browser.now, int(min(due)) + 1)
        serve(browser, server)
    browser.now = end
    serve(browser, server)
