"""Whether the store takes writes: asked by monitors, as often as they like.

One look at the store is under way at a time, and all who ask meanwhile share it: what watches a
failing store must not load it. Knows nothing of what a look does.
"""

import asyncio
from collections.abc import Awaitable, Callable

from holdfast_protocol.limits import CHECK_S_MAX
from holdfast_server.journal.refusals import StoreUnavailable


class Checking:
    """Shares looks at one store. `trouble()` tells what failed there of late, if anything did."""

    def __init__(
        self,
        look: Callable[[], Awaitable[None]],
        trouble: Callable[[], StoreUnavailable | None],
        s_max: float = CHECK_S_MAX,
    ) -> None:
        self._look = look
        self._trouble = trouble
        self._s_max = s_max
        self._looking: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Return when the store took a write and gave a read. Raises StoreUnavailable."""
        looking = self._looking
        if looking is None or looking.done():
            looking = self._looking = asyncio.ensure_future(self._look())
            looking.add_done_callback(_forget)
        done, _ = await asyncio.wait({looking}, timeout=self._s_max)
        if looking.cancelled():
            raise StoreUnavailable("the store is closed")
        if done:
            return looking.result()
        known = self._trouble()
        kind = StoreUnavailable if known is None else type(known)
        raise kind(f"the store has not answered for {self._s_max:g} s")

    async def close(self) -> None:
        """Wait for no look any longer. Calling it again is harmless."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})


def _forget(looking: asyncio.Future[None]) -> None:
    if not looking.cancelled():
        looking.exception()  # whoever asked has been told; all of them may have left
