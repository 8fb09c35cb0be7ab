"""Reads the journal for whoever looks: event streams and polls alike (L5, L11).

Readers pull: each holds a cursor and asks for what comes after it, a bounded page at a time.
Law L7: **Nobody's leaving stops a run.** What is held here can read, and can ask that what is
pending be written; there is nothing in it by which a run could be stopped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

from holdfast_protocol.cursor import Cursor, parse_cursor
from holdfast_protocol.limits import BEAT_ACTIVE_S, BEAT_IDLE_S, STREAMS_PER_ACCOUNT_MAX
from holdfast_protocol.sse import encode_frame
from holdfast_server.api.errors import ApiError
from holdfast_server.journal.port import History, Journal, MessagesOf, Page, ThreadList, Threads


def journal_frame(page: Page) -> bytes:
    """Return the frame of a page: its entries as one JSON array, the cursor after them as id."""
    return encode_frame("journal", f"[{','.join(page.entries)}]".encode(), str(page.cursor))


@dataclass(frozen=True, slots=True)
class Batch:
    """A page, and the frame of it that every stream at the same place sends."""

    page: Page
    frame: bytes


@dataclass(slots=True)
class Reading:
    """The read side of the server. `flush` writes what runs of an account still hold back."""

    journal: Journal
    flush: Callable[[str], Awaitable[None]]
    is_active: Callable[[str], bool]
    is_closed: bool = False
    _shared: dict[Cursor, asyncio.Task[Batch | None]] = field(default_factory=dict)
    _waits: set[asyncio.Timeout] = field(default_factory=set)
    _streams: dict[str, int] = field(default_factory=dict)

    def place(self, account: str, cursor: str | None) -> Cursor | None:
        """Return the cursor that a reader sent; None when it is no place for this account."""
        place = parse_cursor(cursor)
        return place if place is not None and place.account == account else None

    async def entries(self, place: Cursor | None) -> Page | None:
        """Return what came after the place; None: the reader has to be reset (L4)."""
        return None if place is None else await self.journal.entries(place)

    async def batch(self, place: Cursor | None) -> Batch | None:
        """The same for a stream: those that wake together at one place read once.

        Who joins a read that began before a commit may miss that commit, and is woken for it
        at once: streams wait at the place they have, never at the head.
        """
        if place is None:
            return None
        reading = self._shared.get(place)
        if reading is None:
            reading = asyncio.create_task(self._read_batch(place))
            self._shared[place] = reading
            reading.add_done_callback(lambda read: self._forget(place, read))
        return await asyncio.shield(reading)

    def _forget(self, place: Cursor, read: asyncio.Task[Batch | None]) -> None:
        del self._shared[place]
        if not read.cancelled():
            read.exception()  # whoever waits is told; all of them may have left

    async def _read_batch(self, place: Cursor) -> Batch | None:
        page = await self.entries(place)
        return page and Batch(page, journal_frame(page))

    async def snapshot(self, scope: Threads | MessagesOf) -> ThreadList | History:
        """Return state with its cursor, all that runs have said until now included."""
        await self.flush(scope.account)
        return await self.journal.snapshot(scope)

    async def wait(self, place: Cursor, timeout_s: float) -> bool:
        """Wait for entries after the place; False when the time is up, or the server ends."""
        if self.is_closed:
            return False
        try:
            async with asyncio.timeout(None) as cut:
                self._waits.add(cut)
                try:
                    return await self.journal.wait(place, timeout_s)
                finally:
                    self._waits.discard(cut)
        except TimeoutError:
            return False

    def beat_s(self, account: str) -> float:
        """How long a stream of the account may be silent."""
        return BEAT_ACTIVE_S if self.is_active(account) else BEAT_IDLE_S

    @contextmanager
    def stream(self, account: str):
        """Count a stream of the account while inside. Raises ApiError at the limit (L12).

        To look and to take the place is one step, and nothing else can be asked: whoever
        looked first and came back later would find the place taken by others who had looked.
        """
        count = self._streams.get(account, 0)
        if count >= STREAMS_PER_ACCOUNT_MAX:
            raise ApiError(
                429,
                "too_many_streams",
                f"There may be at most {STREAMS_PER_ACCOUNT_MAX:,} event streams at once.",
                retryable=True,
            )
        self._streams[account] = count + 1
        try:
            yield
        finally:
            self._streams[account] -= 1
            if not self._streams[account]:
                del self._streams[account]

    def close(self) -> None:
        """Let every reader come to its end: what is journalled is still read, then no more."""
        self.is_closed = True
        now = asyncio.get_running_loop().time()
        for cut in list(self._waits):
            cut.reschedule(now)
