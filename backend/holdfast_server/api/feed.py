"""One account's newest entries: read once, encoded once, shared by all who follow them.

Law L11, its home: **A slow reader loses nothing and hurts nobody.** A feed reads what was
committed after its own place and keeps the newest few frames. Followers pull: one whose place is
the start of a kept frame takes those bytes; one whose place is not is behind and reads pages of
its own, as large as a frame and no larger, until it meets the feed again. Nobody waits for a
follower, and a follower holds one frame at most, besides what its connection has not taken yet.

A feed lives for as long as it has followers. It knows nothing of HTTP, nor of any run (L7).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice

import structlog

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.limits import BEATS_AT_ONCE_MAX, FEED_BYTES_MAX, SEND_S_MAX
from holdfast_protocol.sse import encode_frame
from holdfast_server.journal.port import Journal, Page

log = structlog.get_logger()


class News(Enum):
    """What a follower may be told besides entries."""

    RESET = auto()
    """Its place is none in this journal (L4): it has to begin anew."""
    CAUGHT_UP = auto()
    """It has all that there was; said once, and once again after a reset."""
    BEAT = auto()
    """Nothing has come for some time."""
    ENDED = auto()
    """There will be no more: the server ends, or the follower left."""


@dataclass(slots=True)
class DeliveryCounts:
    """What readers were given since the server began; for operators, decides nothing."""

    frames: int = 0
    entries: int = 0
    behind: int = 0
    """Times that a reader who had kept up no longer did."""
    reset: int = 0
    closed: int = 0
    """Streams closed because nobody took what was sent."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries up to `cursor`, encoded: a frame that every stream at the same place sends."""

    cursor: Cursor
    count: int
    more: bool
    frame: bytes

    @property
    def entries_json(self) -> bytes:
        """The entries alone, as one JSON array."""
        return self.frame[self.frame.index(b"\ndata: ") + 7 : -2]


def encode_page(page: Page) -> Batch:
    """Return a page as a batch: its entries as one JSON array, the cursor after them as id."""
    data = f"[{','.join(page.entries)}]".encode()
    return Batch(
        page.cursor, len(page.entries), page.more, encode_frame("journal", data, str(page.cursor))
    )


class Feed:
    """The newest batches of one account. `beat_s` tells how long its followers may be silent."""

    def __init__(
        self,
        account: str,
        journal: Journal,
        beat_s: Callable[[], float],
        counts: DeliveryCounts,
        clock_s: Callable[[], float],
    ) -> None:
        self.account = account
        self.journal = journal
        self.counts = counts
        self.place: Cursor | None = None
        self.is_ended = False
        self.task: asyncio.Task[None] | None = None
        self._beat_s = beat_s
        self._clock_s = clock_s
        self._kept: OrderedDict[int, Batch] = OrderedDict()
        self._kept_bytes = 0
        self._followers: OrderedDict[Follower, float] = OrderedDict()
        """Each with the time of its last beat, the one whose beat is longest ago first."""
        self._is_closing = False
        self._waiting: asyncio.Timeout | None = None

    def __len__(self) -> int:
        return len(self._followers)

    @property
    def end(self) -> int:
        """The sequence after which nothing was read yet; -1 while nothing was."""
        return -1 if self.place is None else self.place.seq

    def join(self, follower: "Follower") -> None:
        self._followers[follower] = self._clock_s()

    def leave(self, follower: "Follower") -> None:
        del self._followers[follower]

    def has(self, place: Cursor) -> bool:
        """Whether it is known without asking the journal that there is such a place."""
        own = self.place
        return (
            own is not None
            and own.journal == place.journal
            and (own.seq == place.seq or place.seq in self._kept)
        )

    def after(self, seq: int) -> Batch | None:
        """Return the kept batch that begins just after the sequence."""
        return self._kept.get(seq)

    def start(self) -> None:
        """Begin to read, or begin again. `task` is to be awaited by whoever starts it."""
        self.is_ended = False
        self.task = asyncio.create_task(self._run())

    def close(self) -> None:
        """Come to the end: what is journalled is still read, then no more."""
        if self._waiting is not None and not self._is_closing:
            self._waiting.reschedule(0)
        self._is_closing = True

    async def _run(self) -> None:
        """Read on until closed or cancelled. If the journal fails, followers are let go."""
        try:
            await self._begin()
            while not self._is_closing:
                self._beat()
                if await self._wait():
                    await self._read()
            while await self._read():
                pass
        except Exception as error:
            # Told once, here; each reader comes back by itself and is told what is wrong.
            log.error("feed failed", account=self.account, error=type(error).__name__)
        finally:
            self.is_ended = True
            self._wake()

    async def _begin(self) -> None:
        self._kept.clear()
        self._kept_bytes = 0
        self.place = await self.journal.head(self.account)
        self._wake()

    async def _wait(self) -> bool:
        """Wait for entries; False when a beat is due, or the feed closes."""
        try:
            async with asyncio.timeout(None) as self._waiting:
                return await self.journal.wait(self.place, self._silence_s())
        except TimeoutError:
            return False
        finally:
            self._waiting = None

    async def _read(self) -> bool:
        """Read what came after the feed's place; False when nothing had."""
        page = await self.journal.entries(self.place)
        if page is None:
            # The store was put back under us. Followers will find their own place gone too.
            await self._begin()
        elif page.entries:
            self._keep(encode_page(page))
            self._wake()
        return page is not None and bool(page.entries)

    def _keep(self, batch: Batch) -> None:
        """Keep the newest within bounds, the last one however large it is (L12)."""
        self._kept[self.end] = batch
        self._kept_bytes += len(batch.frame)
        self.place = batch.cursor
        while self._kept_bytes > FEED_BYTES_MAX and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.frame)

    def _wake(self) -> None:
        for follower in self._followers:
            follower.wake()

    def _silence_s(self) -> float:
        """How long it is until the next follower has to be sent something."""
        if not self._followers:
            return self._beat_s()
        last = next(iter(self._followers.values()))
        return max(0.0, last + self._beat_s() - self._clock_s())

    def _beat(self) -> None:
        """Beat for those who are due, a few at a time so that entries need not wait for them.

        The one timer of all followers: nothing is set or stopped when a frame is sent.
        """
        now, beat_s = self._clock_s(), self._beat_s()
        for follower, last in list(islice(self._followers.items(), BEATS_AT_ONCE_MAX)):
            if last + beat_s > now:
                break
            self._followers[follower] = now
            self._followers.move_to_end(follower)
            if follower.is_stuck(now):
                self.counts.closed += 1
                follower.close()
            else:
                follower.beat()


class Follower:
    """One reader's place, and what comes next for it. `place` None: it has none yet."""

    __slots__ = (
        "_feed",
        "_has_left",
        "_is_beat_due",
        "_is_caught_up",
        "_is_known",
        "_keeps_up",
        "_news",
        "_seen",
        "cut",
        "is_closed",
        "place",
        "sending_since_s",
    )

    def __init__(self, feed: Feed, place: Cursor | None) -> None:
        self._feed = feed
        self._news: asyncio.Future[None] | None = None
        self._has_left = False
        self._is_beat_due = False
        self.is_closed = False
        """Whether it was told to leave because nobody took what was sent."""
        self.cut: Callable[[], object] = lambda: None
        """Ends whatever the reader does with what it pulled."""
        self.sending_since_s: float | None = None
        """Since when its connection has been taking what is sent; None while nothing is."""
        self._go(place, is_known=place is not None and feed.has(place))

    @property
    def account(self) -> str:
        return self._feed.account

    def go_on_from(self, place: Cursor) -> None:
        """Begin anew at a place that the journal gave, after a reset."""
        self._go(place, is_known=True)

    def _go(self, place: Cursor | None, *, is_known: bool) -> None:
        self.place = place
        self._is_known = is_known
        self._is_caught_up = False
        self._keeps_up = False
        self._seen = 0

    async def pull(self) -> Batch | News:
        """Return what is next, waiting for it if need be."""
        feed = self._feed
        while not self._has_left:
            if self.place is None:
                feed.counts.reset += 1
                return News.RESET
            batch = feed.after(self.place.seq) if self._is_known else None
            if batch is not None:
                self._keeps_up = True
            elif not self._is_known or self.place.seq < feed.end:
                batch = await self._own_batch()
                if batch is None:
                    continue
            if batch is not None:
                self.place = batch.cursor
                return batch
            self._keeps_up = self.place.seq == feed.end
            if not self._is_caught_up and self.place.seq >= self._seen:
                self._is_caught_up = True
                return News.CAUGHT_UP
            if feed.is_ended:
                break
            await self._sleep()
            if self._is_beat_due:
                self._is_beat_due = False
                return News.BEAT
        return News.ENDED

    async def _own_batch(self) -> Batch | None:
        """Read a page for this reader alone, up to where the feed is, so that it joins it there.

        None: there is nothing, or the place is none; `place` is None then.
        """
        if self._keeps_up:
            self._keeps_up = False
            self._feed.counts.behind += 1
        page = await self._feed.journal.entries(self.place)
        if page is None:
            self.place = None
            return None
        self._is_known = True
        self._seen = max(self._seen, page.cursor.seq + page.more)
        end = self._feed.end
        if self.place.seq < end < page.cursor.seq:
            page = Page(page.cursor.at(end), page.entries[: end - self.place.seq], more=True)
        return encode_page(page) if page.entries else None

    async def _sleep(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def wake(self) -> None:
        """There may be news. Harmless when it is awake."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def beat(self) -> None:
        """It is to be sent something; whoever is awake is about to be."""
        if self._news is not None:
            self._is_beat_due = True
            self.wake()

    def is_stuck(self, now_s: float) -> bool:
        """Whether nobody has been taking what was sent for longer than the limit."""
        return self.sending_since_s is not None and now_s - self.sending_since_s > SEND_S_MAX

    def close(self) -> None:
        """Have done with a reader that is stuck."""
        self.is_closed = True
        self._has_left = True
        self.cut()
