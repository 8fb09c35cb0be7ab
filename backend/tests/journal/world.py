"""Somebody who uses a journal in a test: mints ids, and knows how a run is written.

answer = await world.send(thread, "A question")      a question and its waiting reply
await world.do(answer.start(), answer.write(answer.opens(part), answer.says(part, "Hi")))
"""

from collections import defaultdict
from typing import Any

from backend.tests.journal.opening import FIRST_MS
from holdfast_protocol.codec import decode_entry
from holdfast_protocol.events import Entry, PartDelta, PartEnded, PartStarted
from holdfast_protocol.ids import RANDOM_BYTES, mint
from holdfast_protocol.state import Message, Thread
from holdfast_protocol.text import clean
from holdfast_server.journal.commands import (
    Command,
    CreateThread,
    EndRun,
    Owner,
    Send,
    StartRun,
    WriteRun,
)
from holdfast_server.journal.json_text import load
from holdfast_server.journal.port import Journal, MessagesOf, Receipt, Threads


class Answer:
    """A reply and the run that writes it. Offsets come out right by themselves."""

    def __init__(self, question: Send, epoch: int, attempt: int = 1) -> None:
        self.question = question
        self.thread = question.thread
        self.message = question.reply
        self.run = question.run
        self.owner = Owner(question.run, attempt, epoch)
        self._chars: defaultdict[str, int] = defaultdict(int)

    def start(self) -> StartRun:
        return StartRun(self.owner)

    def write(self, *events: PartStarted | PartDelta | PartEnded) -> WriteRun:
        return WriteRun(self.owner, events)

    def end(self, status: str = "complete", *events: Any, **more: Any) -> EndRun:
        return EndRun(self.owner, events, status, **more)

    def opens(self, part: str, kind: str = "text", name: str | None = None) -> PartStarted:
        return PartStarted(self.thread, self.message, self.run, part, kind, name)

    def says(self, part: str, text: str) -> PartDelta:
        offset = self._chars[part]
        self._chars[part] += len(clean(text))
        return PartDelta(self.thread, self.message, self.run, part, offset, text)

    def closes(self, part: str, kind: str = "text", **more: Any) -> PartEnded:
        return PartEnded(self.thread, self.message, self.run, part, kind, **more)


class World:
    """One account's user. Ids count up, so that a failing test reads the same each time."""

    def __init__(self, journal: Journal, account: str = "local", first_id: int = 1) -> None:
        self.journal = journal
        self.account = account
        self._minted = first_id

    def id(self) -> str:
        self._minted += 1
        return mint(FIRST_MS + self._minted, self._minted.to_bytes(RANDOM_BYTES, "big"))

    async def do(self, *commands: Command) -> Receipt:
        """Append the commands one after the other; return the last one's receipt."""
        for command in commands:
            receipt = await self.journal.append(self.account, command)
        return receipt

    async def create(self, title: str | None = None) -> str:
        thread = self.id()
        await self.do(CreateThread(thread, title, None, None))
        return thread

    def question(self, thread: str | None = None, text: str = "Why?", **more: Any) -> Send:
        """Return the command that asks; in a thread of its own unless one is given."""
        ids = {name: self.id() for name in ("message", "reply", "run", "part")}
        return Send(
            **{
                "thread": thread or self.id(),
                "text": text,
                "parent": None,
                "model": None,
                **ids,
                **more,
            }
        )

    async def send(self, thread: str | None = None, text: str = "Why?", **more: Any) -> Answer:
        """Ask; return the reply that waits to be written."""
        question = self.question(thread, text, **more)
        await self.do(question)
        return Answer(question, self.journal.epoch)

    async def answered(self, thread: str | None = None, text: str = "Because.") -> Answer:
        """Ask, and have it answered in full."""
        answer = await self.send(thread)
        part = self.id()
        await self.do(
            answer.start(),
            answer.write(answer.opens(part), answer.says(part, text)),
            answer.end(),
        )
        return answer

    async def streaming(self, thread: str | None = None, text: str = "Becau") -> tuple[Answer, str]:
        """Ask, and have the answer begun; return it with its open part."""
        answer = await self.send(thread)
        part = self.id()
        await self.do(answer.start(), answer.write(answer.opens(part), answer.says(part, text)))
        return answer, part

    # --- looking ---------------------------------------------------------------------------

    async def head(self) -> int:
        return (await self.journal.head(self.account)).seq

    async def entries(self, after: int = 0) -> list[Entry]:
        """Read all entries after a sequence, page by page."""
        cursor, entries, more = (await self.journal.head(self.account)).at(after), [], True
        while more:
            page = await self.journal.entries(cursor)
            entries += [decode_entry(load(text)) for text in page.entries]
            cursor, more = page.cursor, page.more
        return entries

    async def types(self, after: int = 0) -> list[str]:
        return [entry.type for entry in await self.entries(after)]

    async def threads(self) -> list[Thread]:
        """Read the list of threads, page by page, in its order."""
        threads, more = [], True
        while more:
            before = threads[-1].id if threads else None
            page = await self.journal.snapshot(Threads(self.account, before=before, limit=3))
            threads += page.threads
            more = page.has_more
        return threads

    async def thread(self, id: str) -> Thread:
        return (await self.journal.snapshot(MessagesOf(self.account, id))).thread

    async def path(self, thread: str) -> list[Message]:
        """Read a thread's chosen path, page by page, oldest first."""
        newest_first, more = [], True
        while more:
            before = newest_first[-1].id if newest_first else None
            page = await self.journal.snapshot(
                MessagesOf(self.account, thread, before=before, limit=3)
            )
            newest_first += page.messages
            more = page.has_more
        return newest_first[::-1]

    async def message(self, answer: Answer) -> Message:
        """Read an answer that is on its thread's chosen path."""
        path = await self.path(answer.thread)
        return next(message for message in path if message.id == answer.message)
