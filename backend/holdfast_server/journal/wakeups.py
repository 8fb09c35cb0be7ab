"""Who waits for news of which account, and waking them after a commit.

Law L2, its home for readers: a wake-up comes after the commit and carries nothing but that there
may be something to read. Heads are kept here only to tell whether waiting makes sense.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress

from holdfast_protocol.cursor import Cursor


class Wakeups:
    """The waiting readers of one store, all on one event loop; commits come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heads: dict[str, int] = {}
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def knows(self, account: str) -> bool:
        return account in self._heads

    def committed(self, places: Iterable[Cursor]) -> None:
        """Wake whoever waits for these accounts. Called from any thread."""
        with self._lock:
            woken: set[asyncio.Future[None]] = set()
            for place in places:
                if place.seq > self._heads.get(place.account, -1):
                    self._heads[place.account] = place.seq
                    woken |= self._waiting.pop(place.account, set())
        self._wake(woken)

    def wake_all(self) -> None:
        """The store closes: nobody is to wait for it any longer."""
        with self._lock:
            woken = {future for waiting in self._waiting.values() for future in waiting}
            self._waiting.clear()
        self._wake(woken)

    async def wait(self, account: str, seq: int, timeout_s: float) -> bool:
        """Return True once the account's head is not `seq`, False when the time is up."""
        news = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._heads.get(account, seq) != seq:
                return True
            self._waiting[account].add(news)
        try:
            await asyncio.wait_for(news, timeout_s)
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiting[account].discard(news)
                if not self._waiting[account]:
                    del self._waiting[account]
        return True

    def _wake(self, woken: set[asyncio.Future[None]]) -> None:
        if woken:
            tell(next(iter(woken)).get_loop(), _resolve, woken)


def tell(loop: asyncio.AbstractEventLoop, callback: Callable[..., object], *args: object) -> None:
    """Call back on an event loop, unless that has ended: then nobody is left to be told."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(callback, *args)


def _resolve(woken: set[asyncio.Future[None]]) -> None:
    for future in woken:
        if not future.done():
            future.set_result(None)
