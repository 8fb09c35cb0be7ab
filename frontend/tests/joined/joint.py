"""A browser and the real journal joined in memory, with the oracle over both.

After every step: what a tab shows is a prefix of what the journal holds and never shrank, and
what the local store holds is not behind the cursor stored with it. When it is quiet, what a tab
shows is what a fresh reader is given.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backend.tests.journal.opening import open_journal
from frontend.tests.joined.server import JournalServer
from frontend.tests.shell.watch import Watch
from frontend.tests.shell.world import ORIGIN, Browser, Tab
from holdfast_protocol.state import Message, Window
from holdfast_server.journal.port import MessagesOf, Threads
from holdfast_server.journal.refusals import Gone, NotFound
from holdfast_web.core.app import App
from holdfast_web.core.persist import restore_marks, restore_threads, restore_window
from holdfast_web.core.select import timeline


class Joint:
    """A server, a browser and the watch over them."""

    def __init__(self, server: JournalServer) -> None:
        self.server = server
        self.watch = Watch(server.true_text)
        self.browser = Browser(look=self.watch)

    # --- moving ---

    async def settle(self) -> None:
        """Let browser and server do all they can until both are quiet; then compare."""
        for _ in range(2_000):
            self.browser.settle()
            busy = False
            for tab in list(self.browser.tabs):
                for request in list(tab.http.pending):
                    await self.server.respond(tab, request)
                    busy = True
                busy = await self.server.stream(tab) or busy
            self.verify_store()
            if not busy and self.browser.is_quiet:
                return await self.verify()
        raise AssertionError("never quiet")

    async def pass_time(self, ms: int) -> None:
        """Let time go by, in steps to whatever is due next."""
        end = self.browser.now + ms
        await self.settle()
        while True:
            timers = [at for tab in self.browser.tabs for at, _ in tab.clock.timers.values()]
            due = [at for at in timers if at <= end]
            if not due:
                break
            self.browser.now = max(self.browser.now, int(min(due)) + 1)
            await self.settle()
        self.browser.now = end
        await self.settle()

    async def open(self, thread: str | None) -> Tab:
        tab = self.browser.open_tab(thread)
        await self.settle()
        return tab

    async def go(self, tab: Tab, thread: str | None) -> None:
        tab.address.go(thread)
        await self.settle()

    # --- judging ---

    async def verify(self) -> None:
        """Every tab shows what a fresh reader is given now."""
        listed = await self.server.journal.snapshot(Threads(self.server.world.account))
        for tab in self.browser.tabs:
            if tab.app.sync != "live" or tab.app.retry_ms is not None:
                continue  # it does not claim to be
            assert dict(tab.app.known.threads) == {one.id: one for one in listed.threads}
            await self._verify_open(tab.app)

    async def _verify_open(self, app: App) -> None:
        if app.open is None:
            return
        shown = timeline(app)
        scope = MessagesOf(self.server.world.account, app.open, limit=100)
        try:
            true = await self.server.journal.snapshot(scope)
        except (NotFound, Gone):
            assert shown.state == "missing" or app.unsent
            return
        assert shown.state == "fresh"
        turns = [
            turn for turn in shown.turns if turn.unsent == "" and not _is_awaited(app, turn.id)
        ]
        path = true.messages[::-1]
        assert [(turn.id, turn.status, turn.parts) for turn in turns] == [
            (message.id, message.status, message.parts) for message in path[-len(turns) :]
        ]
        assert len(turns) == len(path) or shown.has_earlier

    def verify_store(self) -> None:
        """Law L14 from outside: each database holds all that its cursor says was applied."""
        journal = self.server.journal.id
        content = self.browser.databases.get(f"holdfast {ORIGIN} {journal} local")
        if content is None or "seq" not in content.meta:
            return
        then = self.server.states[content.meta["seq"]]
        threads = {one.id: one for one in restore_threads(content.records(None).threads)}
        for name, row in then.threads.items():
            if name in self.server.state.threads:
                assert threads[name].version >= row.version
        for name, mark in restore_marks(content.records(None).windows).items():
            records = content.records(name)
            window = restore_window(mark, records.messages, records.segments)
            if window.fresh and name in then.windows and name in self.server.state.windows:
                self._verify_window(window, then.windows[name])

    def _verify_window(self, window: Window, then: Window) -> None:
        oldest = min((message.seq for message in window.messages.values()), default=0)
        for name, message in then.messages.items():
            is_gone = name not in self.server.state.windows[window.thread].messages
            is_above = window.has_more and message.seq < oldest
            if name in window.messages:
                assert _text(window.messages[name]).startswith(_text(message))
            else:
                assert is_gone or is_above, f"{name} is not stored, the cursor says it is"


def _is_awaited(app: App, reply: str) -> bool:
    """Whether this is the place of an answer whose question is not echoed yet."""
    return any(unsent.reply == reply for unsent in app.unsent.values())


def _text(message: Message) -> str:
    return "".join(part.source for part in message.parts)


@asynccontextmanager
async def joint(folder: Path) -> AsyncIterator[Joint]:
    """A server on a journal in this folder, and a browser that has not opened anything yet."""
    journal = await open_journal(folder)
    made = Joint(JournalServer(journal))
    try:
        yield made
    finally:
        for tab in list(made.browser.tabs):
            made.browser.close(tab)
        await made.server.journal.close()
