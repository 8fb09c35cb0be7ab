"""One account's newest entries: read once, encoded once, shared by all who follow them.

Law L11, its home: **A slow reader loses nothing and hurts nobody.** A feed reads what was
committed after its own place and keeps the newest few frames. Followers pull (see `follower`): one
whose place is the start of a kept frame takes those bytes; one whose place is not is behind and
reads pages of its own, as large as a frame and no larger, until it meets the feed again. Nobody
waits for a follower, and a follower holds one frame at most, besides what its connection has not
taken yet.

A feed lives for as long as it has followers. It knows nothing of HTTP, nor of any run (L7).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import structlog

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.limits import BEATS_AT_ONCE_MAX, FEED_BYTES_MAX
from holdfast_protocol.sse import encode_frame
from holdfast_server.journal.port import Journal, Page

log = structlog.get_logger()

DELETED = b'.deleted"'
"""In every frame with the end of a thread or a message, and seldom in another: to find it in vain
costs no more than a reading of the journal."""


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


class Follows(Protocol):
    """What a feed asks of whoever follows it."""

    def wake(self) -> None: ...
    def beat(self) -> None: ...
    def is_stuck(self, now_s: float) -> bool: ...
    def close(self) -> None: ...


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
        self._followers: OrderedDict[Follows, float] = OrderedDict()
        """Each with the time of its last beat, the one whose beat is longest ago first."""
        self._is_closing = False
        self._waiting: asyncio.Timeout | None = None

    def __len__(self) -> int:
        return len(self._followers)

    @property
    def end(self) -> int:
        """The sequence after which nothing was read yet; -1 while nothing was."""
        return -1 if self.place is None else self.place.seq

    def join(self, follower: Follows) -> None:
        self._followers[follower] = self._clock_s()

    def leave(self, follower: Follows) -> None:
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
        self._forget()
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
        """Keep the newest within bounds, the last one however large it is (L12).

        A deletion empties earlier entries in the journal. What was kept of them is let go, so
        that nobody is given from memory what is no longer there; this batch was read after it.
        """
        if DELETED in batch.frame:
            self._forget()
        self._kept[self.end] = batch
        self._kept_bytes += len(batch.frame)
        self.place = batch.cursor
        while self._kept_bytes > FEED_BYTES_MAX and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.frame)

    def _forget(self) -> None:
        self._kept.clear()
        self._kept_bytes = 0

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
            follower.look()
            if follower.is_stuck(now):
                self.counts.closed += 1
                follower.close()
            else:
                follower.beat()
