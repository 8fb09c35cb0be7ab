"""Reads the journal for whoever looks: event streams and polls alike (L5, L11).

Law L7: **Nobody's leaving stops a run.** What is held here can read, and can ask that what is
pending be written; there is nothing in it by which a run could be stopped.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from holdfast_protocol.cursor import Cursor, parse_cursor
from holdfast_protocol.limits import (
    BEAT_ACTIVE_S,
    BEAT_IDLE_S,
    SHUTDOWN_S_MAX,
    STREAMS_PER_ACCOUNT_MAX,
)
from holdfast_server.api.errors import ApiError
from holdfast_server.api.feed import Batch, DeliveryCounts, Feed, encode_page
from holdfast_server.api.follower import Follower
from holdfast_server.journal.port import History, Journal, MessagesOf, ThreadList, Threads

LAST_READ_S_MAX = SHUTDOWN_S_MAX / 10
"""How long the last pages may take to be read when the server ends."""


@dataclass(slots=True)
class Reading:
    """The read side of the server. `flush` writes what runs of an account still hold back."""

    journal: Journal
    flush: Callable[[str], Awaitable[None]]
    is_active: Callable[[str], bool]
    clock_s: Callable[[], float] = time.monotonic
    counts: DeliveryCounts = field(default_factory=DeliveryCounts)
    is_closed: bool = False
    _feeds: dict[str, Feed] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def place(self, account: str, cursor: str | None) -> Cursor | None:
        """Return the cursor that a reader sent; None when it is no place for this account."""
        place = parse_cursor(cursor)
        return place if place is not None and place.account == account else None

    async def batch(self, place: Cursor | None) -> Batch | None:
        """Return what came after the place; None: the reader has to be reset (L4)."""
        page = None if place is None else await self.journal.entries(place)
        if page is None:
            self.counts.reset += 1
        return page and encode_page(page)

    async def snapshot(self, scope: Threads | MessagesOf) -> ThreadList | History:
        """Return state with its cursor, all that runs have said until now included."""
        await self.flush(scope.account)
        return await self.journal.snapshot(scope)

    def beat_s(self, account: str) -> float:
        """How long a stream of the account may be silent."""
        return BEAT_ACTIVE_S if self.is_active(account) else BEAT_IDLE_S

    def streams(self) -> int:
        """How many follow a journal now, of all accounts."""
        return sum(len(feed) for feed in self._feeds.values())

    @contextmanager
    def follow(self, account: str, place: Cursor | None) -> Iterator[Follower]:
        """Follow the account's journal while inside. Raises ApiError at the limit (L12).

        To look and to take the place is one step, and nothing else can be asked: whoever
        looked first and came back later would find the place taken by others who had looked.
        """
        feed = self._feeds.get(account)
        if feed is not None and len(feed) >= STREAMS_PER_ACCOUNT_MAX:
            raise ApiError(
                429,
                "too_many_streams",
                f"There may be at most {STREAMS_PER_ACCOUNT_MAX:,} event streams at once.",
                retryable=True,
            )
        if feed is None:
            feed = Feed(
                account, self.journal, lambda: self.beat_s(account), self.counts, self.clock_s
            )
            self._feeds[account] = feed
        follower = Follower(feed, place)
        feed.join(follower)
        self._see_to(feed)
        try:
            yield follower
        finally:
            feed.leave(follower)
            if not len(feed):
                del self._feeds[account]
                feed.task.cancel()

    def _see_to(self, feed: Feed) -> None:
        """Have the feed read: it is new, or had failed."""
        if self.is_closed:
            feed.close()
        if feed.task is None or feed.task.done():
            feed.start()
            self._tasks.add(feed.task)
            feed.task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let every reader come to its end: what is journalled is still read, then no more."""
        self.is_closed = True
        for feed in self._feeds.values():
            feed.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_READ_S_MAX)
