"""Time, as the runs see it: one monotonic clock, and a call when it reaches a moment.

A port, so that tests pass time in and nothing in them waits. Knows nothing of runs.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None:
        """The call is no longer wanted; harmless when it was made."""


class Clock(Protocol):
    def now_ms(self) -> float:
        """Return milliseconds of a clock that only goes forward."""

    def call_at(self, when_ms: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` on the event loop once the clock has reached `when_ms`."""


class LoopClock:
    """The running event loop's clock."""

    def now_ms(self) -> float:
        return asyncio.get_running_loop().time() * 1000

    def call_at(self, when_ms: float, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_at(when_ms / 1000, callback)
