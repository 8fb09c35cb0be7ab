"""Time and randomness of the browser."""

import asyncio
import time
from collections.abc import Callable

from holdfast_js import page


class Clock:
    """The wall clock, and timers by name."""

    def __init__(self) -> None:
        self._timers: dict[str, tuple[float, asyncio.TimerHandle]] = {}

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    def random_bytes(self, count: int) -> bytes:
        return bytes.fromhex(page.randomHex(count))

    def wake_at(self, name: str, at_ms: float | None, wake: Callable[[], None]) -> None:
        held = self._timers.get(name)
        if held is not None:
            if held[0] == at_ms:
                return
            held[1].cancel()
            del self._timers[name]
        if at_ms is None:
            return

        def due() -> None:
            self._timers.pop(name, None)
            wake()

        delay_s = max(0.0, at_ms / 1000 - time.time())
        handle = asyncio.get_event_loop().call_later(delay_s, due)
        self._timers[name] = (at_ms, handle)
