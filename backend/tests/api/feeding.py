"""A journal in memory, a clock, and readers, whose every step the test takes itself."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from backend.tests.runs.fakes import JOURNAL_ID, settle
from holdfast_protocol.cursor import Cursor
from holdfast_protocol.sse import FrameDecoder
from holdfast_server.api.feed import Batch, DeliveryCounts, Feed
from holdfast_server.api.follower import Follower, News
from holdfast_server.journal.port import Page, ThreadList, Threads
from holdfast_server.journal.refusals import StoreUnavailable


class FakeJournal:
    """Entries of one account. `reads` are the places that entries were asked for after."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.entries_per_page = 1_000
        self.floor = 0
        self.reads: list[int] = []
        self.fails = False
        self._entries: list[str] = []
        self._waiting: list[tuple[float, asyncio.Future[bool]]] = []

    def place(self, seq: int) -> Cursor:
        return Cursor(JOURNAL_ID, "local", seq)

    async def commit(self, count: int = 1, chars: int = 1) -> None:
        """Journal so many entries in one commit, and let everybody react."""
        self.writes(count, chars)
        await settle()

    def writes(self, count: int, chars: int = 1) -> None:
        """The same, and let nobody react yet."""
        for _ in range(count):
            seq = len(self._entries) + 1
            self._entries.append(json.dumps({"seq": seq, "text": "x" * chars}))
        self._tell(lambda until_s: True, True)

    async def passes(self, seconds: float) -> None:
        """Let time pass, and everybody react."""
        self.now_s += seconds
        self._tell(lambda until_s: until_s <= self.now_s, False)
        await settle()

    async def deletes(self, first: int, last: int) -> None:
        """Empty these entries, journal that, and let everybody react."""
        for seq in range(first, last + 1):
            self._entries[seq - 1] = json.dumps({"seq": seq, "type": "erased"})
        seq = len(self._entries) + 1
        self._entries.append(json.dumps({"seq": seq, "type": "message.deleted"}))
        self._tell(lambda until_s: True, True)
        await settle()

    def _tell(self, whom: Callable[[float], bool], what: bool) -> None:
        told = [waits for waits in self._waiting if whom(waits[0])]
        self._waiting = [waits for waits in self._waiting if waits not in told]
        for _, news in told:
            if not news.done():
                news.set_result(what)

    async def head(self, account: str) -> Cursor:
        return self.place(len(self._entries))

    async def entries(self, cursor: Cursor) -> Page | None:
        self.reads.append(cursor.seq)
        if self.fails:
            raise StoreUnavailable("the test says so")
        head = len(self._entries)
        if cursor.journal != JOURNAL_ID or not self.floor <= cursor.seq <= head:
            return None
        found = self._entries[cursor.seq : cursor.seq + self.entries_per_page]
        last = cursor.seq + len(found)
        return Page(cursor.at(last), found, more=last < head)

    async def snapshot(self, scope: Threads) -> ThreadList:
        raise StoreUnavailable("this journal has no rows")

    async def wait(self, cursor: Cursor, timeout_s: float) -> bool:
        if cursor.seq != len(self._entries):
            return True
        if timeout_s <= 0:
            await asyncio.sleep(0)
            return False
        news = asyncio.get_running_loop().create_future()
        self._waiting.append((self.now_s + timeout_s, news))
        return await news


class Feeding:
    """A feed of a journal in memory, and whoever follows it."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.counts = DeliveryCounts()
        self.beat_s = 15.0
        self.feed = Feed(
            "local", self.journal, lambda: self.beat_s, self.counts, lambda: self.journal.now_s
        )

    async def start(self) -> None:
        self.feed.start()
        await settle()

    async def end(self) -> None:
        self.feed.task.cancel()
        await asyncio.wait({self.feed.task})

    def follower(self, seq: int) -> "Reader":
        return Reader(self.feed, self.journal.place(seq))


class Reader:
    """Reads a feed, a piece at a time."""

    def __init__(self, feed: Feed, place: Cursor | None) -> None:
        self.follower = Follower(feed, place)
        feed.join(self.follower)
        self.seen: list[int] = []
        self._pulling: asyncio.Task[Batch | News] | None = None

    def asks(self) -> None:
        """Ask for what is next, and let nobody react yet."""
        if self._pulling is None:
            self._pulling = asyncio.create_task(self.follower.pull())

    async def pulls(self) -> Batch | News | None:
        """Return what is next, or None if there is nothing yet: it goes on waiting then."""
        self.asks()
        await settle()
        if not self._pulling.done():
            return None
        pulled, self._pulling = self._pulling.result(), None
        if isinstance(pulled, Batch):
            self.seen += seqs_of(pulled)
        return pulled

    async def pulls_all(self) -> list[Batch | News]:
        """Return all there is."""
        found = []
        while (pulled := await self.pulls()) is not None:
            found.append(pulled)
            if pulled in (News.ENDED, News.RESET):
                break
        return found

    async def leaves(self) -> None:
        if self._pulling is not None:
            self._pulling.cancel()
            await asyncio.wait({self._pulling})


def seqs_of(batch: Batch) -> list[int]:
    """Return the sequences in a batch, and hold its two forms against each other."""
    (frame,) = FrameDecoder().feed(batch.frame.decode())
    entries = json.loads(frame.data)
    assert entries == json.loads(batch.entries_json)
    assert frame.id == str(batch.cursor)
    assert len(entries) == batch.count
    return [entry["seq"] for entry in entries]


def fed(test: Callable[[Feeding], Awaitable[None]]) -> None:
    """Run a test with a feed, in a loop of its own: for tests that hypothesis repeats."""

    async def run() -> None:
        feeding = Feeding()
        await feeding.start()
        await test(feeding)
        await feeding.end()

    asyncio.run(run())
