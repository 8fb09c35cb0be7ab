"""Time, a model and a journal whose every step the test takes itself."""

import asyncio
import heapq
import itertools
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.ids import mint
from holdfast_server.journal.commands import Command
from holdfast_server.journal.port import Receipt
from holdfast_server.models.port import Finished, ModelError, ModelEvent, Turn

JOURNAL_ID = mint(0, bytes(10))


def numbered_ids() -> Callable[[], str]:
    """Return a source of ids that are easy to tell apart: their last digits count."""
    numbers = itertools.count(1)
    return lambda: mint(1, next(numbers).to_bytes(10, "big"))


async def settle() -> None:
    """Let every task run until all of them wait."""
    for _ in range(20):
        await asyncio.sleep(0)


class FakeTimer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = 1_000.0
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._count = itertools.count()

    def now_ms(self) -> float:
        return self.ms

    def call_at(self, when_ms: float, callback: Callable[[], object]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (when_ms, next(self._count), timer))
        return timer

    async def advance(self, ms: float) -> None:
        """Move on, making each call that falls due, and let everybody react."""
        until = self.ms + ms
        while self._timers and self._timers[0][0] <= until:
            when, _, timer = heapq.heappop(self._timers)
            self.ms = max(self.ms, when)
            if timer.callback is not None:
                timer.callback()
                await settle()
        self.ms = until
        await settle()

    @property
    def pending(self) -> int:
        """How many calls are still to be made."""
        return sum(timer.callback is not None for _, _, timer in self._timers)


class FakeModel:
    """Says what it is told to, when it is told to: to each question its own."""

    name = "fake"
    demo = False

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.open = 0
        self.hung_up = 0
        self._said: defaultdict[str, asyncio.Queue] = defaultdict(asyncio.Queue)

    def says(self, *events: ModelEvent | Exception, to: str = "") -> None:
        for event in events:
            self._said[to].put_nowait(event)

    def finishes(self, usage: dict | None = None, *, to: str = "") -> None:
        self.says(Finished(usage), to=to)

    def unread(self, to: str = "") -> int:
        """How many events nobody has taken yet."""
        return self._said[to].qsize()

    async def list_models(self) -> tuple[str, ...]:
        return ("fake-1", "fake-2")

    async def answer(self, turn: Turn) -> AsyncGenerator[ModelEvent, None]:
        said = self._said[turn.messages[-1].text if turn.messages else ""]
        self.turns.append(turn)
        self.open += 1
        is_whole = False
        try:
            while not is_whole:
                event = await said.get()
                if isinstance(event, Exception):
                    raise event
                is_whole = isinstance(event, Finished)
                yield event
        finally:
            self.open -= 1
            self.hung_up += not is_whole

    async def aclose(self) -> None:
        pass


class FakeJournal:
    """Keeps what is appended. `hold()` makes appends wait; `failures` are raised, one each."""

    epoch = 1

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.tried: list[Command] = []
        self.failures: list[Exception] = []
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    async def release(self) -> None:
        self._free.set()
        await settle()

    async def append(self, account: str, command: Command) -> Receipt:
        self.tried.append(command)
        await self._free.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.commands.append(command)
        return Receipt(Cursor(JOURNAL_ID, account, len(self.commands)), {})


REFUSED = ModelError("refused", "The model refused. Is it running?", retryable=True)
FINAL = ModelError("unknown_model", "There is no such model. Choose another.", retryable=False)
