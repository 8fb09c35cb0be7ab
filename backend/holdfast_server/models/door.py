"""The door of a response body: gathers what arrives into bursts.

A fast model sends a thousand events a second. Reading each alone costs ten passes through the
HTTP stack's layers in the time one would do, so after a burst the reader pauses a few
milliseconds and takes together what came meanwhile. The first event after a quiet spell is
handed on at once, and a slow model meets no pause at all.
Must not know: what the bytes mean.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self

from holdfast_server.models.limits import Limits

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]
"""Seconds that only grow."""


MANY = 4
"""Chunks in one pause from which on a model is fast: some 250 a second."""

TURNS_OF_A_READ = 4
"""Turns of the loop in which a reader gets all that the system holds for it already."""


class Overflow(Exception):
    """The body passed `answer_bytes_max`."""


class Door:
    """Owns one reading task over `chunks`; use as an async context, which ends the task."""

    __slots__ = (
        "_arrived", "_call_soon", "_chunks", "_clock", "_ended", "_failure", "_gathered", "_held",
        "_is_after_pause", "_limits", "_loop_turned", "_reader", "_sleep", "_taken",
    )  # fmt: skip

    def __init__(
        self, chunks: AsyncIterator[bytes], limits: Limits, sleep: Sleep, clock: Clock
    ) -> None:
        self._chunks = chunks
        self._limits = limits
        self._sleep = sleep
        self._clock = clock
        self._held = bytearray()
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._ended = False
        self._failure: Exception | None = None
        self._loop_turned = True
        self._is_after_pause = False
        self._gathered = 0

    async def __aenter__(self) -> Self:
        self._call_soon = asyncio.get_running_loop().call_soon
        self._reader = asyncio.create_task(self._read(), name="model-door")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.cancel()
        await asyncio.wait((self._reader,))

    async def burst(self, *, deadline_s: float) -> bytes | None:
        """Return all that has arrived, or None at the end of the body.

        Waits until `deadline_s` (loop time), then raises TimeoutError. What the reader failed
        with is raised after what came before it was taken.
        """
        while not self._held and not self._ended:
            async with asyncio.timeout_at(deadline_s):
                await self._arrived.wait()
            self._arrived.clear()
        if self._held:
            taken = bytes(self._held)
            self._held.clear()
            self._taken.set()
            return taken
        if self._failure is not None:
            raise self._failure
        return None

    async def _read(self) -> None:
        try:
            await self._gather()
        except Exception as error:
            self._failure = error  # raised again in `burst`, where somebody listens
        finally:
            self._ended = True
            self._arrived.set()

    async def _gather(self) -> None:
        """Read everything; two waits close together are followed by a pause.

        A read that had to wait brought what the network had; what came with it follows without a
        wait. What gathered in a pause is handed on at once, and together. Where it was much, the
        chunk that comes next is kept for the next pause: else every burst of a fast model would be
        followed by one of a single token, which costs as much from here to the reader.
        """
        read_bytes = 0
        waited_at_s = float("-inf")
        async for chunk in self._chunks:
            read_bytes += len(chunk)
            if read_bytes > self._limits.answer_bytes_max:
                raise Overflow
            self._held += chunk
            pauses = keeps = False
            if self._is_after_pause:
                self._gathered += 1
                keeps, waited_at_s = True, self._clock()
            elif self._loop_turned:
                now_s = self._clock()
                pauses = now_s - waited_at_s < self._limits.gather_s
                keeps, waited_at_s = pauses and self._gathered >= MANY, now_s
                self._gathered = 0
            if not keeps:
                self._arrived.set()
            while len(self._held) > self._limits.ahead_bytes_max:
                self._taken.clear()
                self._arrived.set()
                await self._taken.wait()
            if pauses:
                await self._sleep(self._limits.gather_s)
                self._is_after_pause = True
                self._hand_on_after(TURNS_OF_A_READ)
            self._loop_turned = False
            self._call_soon(self._note_turn)

    def _note_turn(self) -> None:
        """The loop ran something else: the read in hand has to wait for the network."""
        self._loop_turned = True

    def _hand_on_after(self, turns: int) -> None:
        """Hand on what gathered in a pause, and what was kept for it though nothing did."""
        if turns:
            self._call_soon(self._hand_on_after, turns - 1)
            return
        self._is_after_pause = False
        if self._held:
            self._arrived.set()
