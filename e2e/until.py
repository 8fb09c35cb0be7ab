"""Waiting for the state of another process: the one place where the oracle looks, pauses, looks
again. Every wait ends by what it sees or by its bound, never by how long something ought to take.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

LOOK_AGAIN_S = 0.02
"""Costs 50 looks a second of one waiter; a browser waits through Playwright instead."""

T = TypeVar("T")


class Overdue(AssertionError):
    """A wait met its bound: what was waited for did not come about."""


async def until(probe: Callable[[], Awaitable[T | None]], *, what: str, bound_s: float = 20.0) -> T:
    """Return the first truthy answer of `probe`, or raise Overdue naming `what` and the last."""
    loop = asyncio.get_running_loop()
    end = loop.time() + bound_s
    while True:
        answer = await probe()
        if answer:
            return answer
        if loop.time() >= end:
            raise Overdue(f"waited {bound_s:g} s for {what}; the last look gave {answer!r}")
        await asyncio.sleep(LOOK_AGAIN_S)
