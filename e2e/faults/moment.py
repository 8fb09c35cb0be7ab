"""When a case kills, and the deed: "after the k-th time that this happens, plus so many µs".

So a case is told by numbers and can be played again, as near as processes allow. Must not know:
what the events mean; whoever sees one happen notes it, from whatever thread.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

BOUND_S = 20.0
"""A moment that does not come is a failure of the case, found after this long."""


@dataclass(frozen=True, slots=True)
class Moment:
    event: str
    count: int = 1
    after_us: int = 0


class NeverCame(AssertionError):
    """What the moment waits for did not happen."""


class Fuse:
    """Strikes once, when its moment has come. Made on the loop that waits for it."""

    def __init__(self, moment: Moment, strike: Callable[[], None]) -> None:
        self.struck_at_s: float | None = None
        self._moment = moment
        self._strike = strike
        self._left = moment.count
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._struck = asyncio.Event()

    def note(self, event: str) -> bool:
        """This happened just now. Return whether it was the one that the moment is counted from."""
        with self._lock:
            if event != self._moment.event or self._left == 0:
                return False
            self._left -= 1
            if self._left:
                return False
        if self._moment.after_us == 0:
            self._deed()
        else:
            threading.Timer(self._moment.after_us / 1_000_000, self._deed).start()
        return True

    async def struck(self, *, bound_s: float = BOUND_S) -> float:
        """Wait for the deed and return when it was done, by `time.perf_counter`."""
        try:
            async with asyncio.timeout(bound_s):
                await self._struck.wait()
        except TimeoutError:
            raise NeverCame(f"{self._moment} did not come: {self._left} are missing") from None
        assert self.struck_at_s is not None
        return self.struck_at_s

    def _deed(self) -> None:
        self.struck_at_s = time.perf_counter()
        self._strike()
        self._loop.call_soon_threadsafe(self._struck.set)
