"""One reader's place in an account's journal, and what comes next for it (L4, L11).

Knows a feed and the journal behind it; not how what it pulls is sent, nor any run (L7).
"""

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.limits import SEND_S_MAX
from holdfast_server.api.feed import Batch, Feed, encode_page
from holdfast_server.journal.port import Page


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


class Follower:
    """One reader's place, and what comes next for it. `place` None: it has none yet."""

    __slots__ = (
        "_feed",
        "_has_left",
        "_is_beat_due",
        "_is_caught_up",
        "_is_known",
        "_keeps_up",
        "_loop",
        "_news",
        "_seen",
        "cut",
        "is_closed",
        "place",
        "sending_since_s",
    )

    def __init__(self, feed: Feed, place: Cursor | None) -> None:
        self._feed = feed
        self._loop = asyncio.get_running_loop()
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
            self._news = self._loop.create_future()
            await self._news
            self._news = None
            if self._is_beat_due:
                self._is_beat_due = False
                return News.BEAT
        return News.ENDED

    async def _own_batch(self) -> Batch | None:
        """Read a page for this reader alone, up to where the feed is, so that it joins it there.

        None: there is nothing, or the place is none; `place` is None then.
        """
        self._fall_behind()
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

    def _fall_behind(self) -> None:
        if self._keeps_up:
            self._keeps_up = False
            self._feed.counts.behind += 1

    def look(self) -> None:
        """Count it as behind if it is: one who is stopped pulls no more, and would never tell."""
        place = self.place
        if place is not None and place.seq < self._feed.end and not self._feed.has(place):
            self._fall_behind()

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
