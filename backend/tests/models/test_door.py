"""The door gathers without holding back: time is an input, the network is a list."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.tests.models.conftest import patience
from holdfast_server.models.door import MANY, Door, Overflow
from holdfast_server.models.limits import LIMITS, Limits

FAR = float("inf")


class Network:
    """Chunks come when the test lets them; those let in together come without a wait between."""

    def __init__(self) -> None:
        self._let_in: list[bytes] = []
        self._more = asyncio.Event()
        self.given = 0

    def let_in(self, *chunks: bytes) -> None:
        self._let_in += chunks
        self._more.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await self._more.wait()
            await asyncio.sleep(0)  # a look at a socket takes a turn of the loop
            self._more.clear()
            read, self._let_in = self._let_in, []
            for chunk in read:
                if chunk == b"end":
                    return
                self.given += 1
                yield chunk


class Time:
    """Stands still until the test moves it; a pause ends when its time has come."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.pauses = 0
        self._moved = asyncio.Event()

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self._moved.clear()
            await self._moved.wait()

    def move(self, seconds: float) -> None:
        self.now_s += seconds
        self._moved.set()


async def turns(count: int = 10) -> None:
    """Let every task that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)


def door(network: Network, time: Time, limits: Limits = LIMITS) -> Door:
    return Door(aiter(network), limits, time.sleep, time.clock)


async def test_a_slow_model_meets_no_pause() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        for _ in range(10):
            network.let_in(b"a")
            assert await reading.burst(deadline_s=FAR) == b"a"
            await turns()
            time.move(0.020)
    assert time.pauses == 0


async def test_the_first_chunks_after_a_quiet_spell_are_handed_on_at_once() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        for pauses in (0, 1):
            network.let_in(b"a")
            assert await reading.burst(deadline_s=FAR) == b"a"
            await turns()
            assert time.pauses == pauses


async def test_what_came_during_a_pause_is_one_burst() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        for chunk in (b"a", b"b"):
            network.let_in(chunk)
            assert await reading.burst(deadline_s=FAR) == chunk
            await turns()
        network.let_in(b"c", b"d", b"e")
        await turns()
        assert network.given == 2, "nothing is read in a pause"
        time.move(LIMITS.gather_s)
        assert await reading.burst(deadline_s=FAR) == b"cde"
        await turns()
        assert time.pauses == 1, "the burst came a pause after the chunk before it"


def bound_s() -> float:
    """Until when a burst must have come: no test is about it, none waits for ever."""
    return asyncio.get_running_loop().time() + 5


async def gathered(reading: Door, network: Network, time: Time, count: int) -> asyncio.Task[bytes]:
    """Bring a door past a pause in which so many chunks gathered; return the burst after it.

    That one has been asked for, after one more chunk has come.
    """
    for chunk in (b"a", b"b"):
        network.let_in(chunk)
        assert await reading.burst(deadline_s=bound_s()) == chunk
        await turns()
    network.let_in(*[b"c"] * count)
    time.move(LIMITS.gather_s)
    assert await reading.burst(deadline_s=bound_s()) == b"c" * count
    burst = asyncio.create_task(reading.burst(deadline_s=bound_s()))
    time.move(0.001)
    network.let_in(b"d")
    await turns()
    return burst


async def test_of_a_fast_model_each_burst_is_what_a_pause_gathered() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        burst = await gathered(reading, network, time, MANY)
        assert not burst.done(), "a single chunk was handed on between two pauses"
        network.let_in(b"e", b"e")
        network.let_in(b"f")
        time.move(LIMITS.gather_s)
        assert await burst == b"deef"


async def test_of_a_slower_one_the_chunk_after_a_pause_is_handed_on_at_once() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        assert await (await gathered(reading, network, time, MANY - 1)) == b"d"


async def test_what_is_kept_is_handed_on_after_the_pause_though_nothing_follows() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        burst = await gathered(reading, network, time, MANY)
        time.move(LIMITS.gather_s)
        assert await burst == b"d"


async def test_what_gathered_is_one_burst_though_two_reads_brought_it() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        for chunk in (b"a", b"b"):
            network.let_in(chunk)
            assert await reading.burst(deadline_s=bound_s()) == chunk
            await turns()
        burst = asyncio.create_task(reading.burst(deadline_s=bound_s()))
        network.let_in(b"c")
        time.move(LIMITS.gather_s)
        while network.given < 3:  # noqa: ASYNC110  there is nothing to be woken by
            await asyncio.sleep(0)
        network.let_in(b"d")
        assert await burst == b"cd"


async def test_a_burst_that_is_here_is_read_whole_however_long() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        network.let_in(*[b"x"] * 5_000, b"end")
        assert await reading.burst(deadline_s=FAR) == b"x" * 5_000
        assert await reading.burst(deadline_s=FAR) is None


async def test_reading_stops_when_too_much_was_not_taken() -> None:
    network, time = Network(), Time()
    limits = patience(ahead_bytes_max=10, gather_s=0.0)
    async with door(network, time, limits) as reading:
        network.let_in(*[b"12345"] * 10, b"end")
        await turns()
        assert network.given == 3, "one past the bound, which is how it is met"
        taken = b""
        while (burst := await reading.burst(deadline_s=FAR)) is not None:
            taken += burst
        assert taken == b"12345" * 10


async def test_nothing_by_the_deadline_is_a_timeout() -> None:
    async with door(Network(), Time()) as reading:
        now_s = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await reading.burst(deadline_s=now_s + 0.01)


async def test_what_came_before_a_failure_is_taken_before_it() -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"a"
        raise ConnectionError("cut")

    time = Time()
    async with Door(breaks(), LIMITS, time.sleep, time.clock) as reading:
        assert await reading.burst(deadline_s=FAR) == b"a"
        with pytest.raises(ConnectionError):
            await reading.burst(deadline_s=FAR)


async def test_a_body_without_an_end_is_bounded() -> None:
    network, time = Network(), Time()
    limits = patience(answer_bytes_max=10, gather_s=0.0)
    async with door(network, time, limits) as reading:
        network.let_in(b"x" * 10)
        assert await reading.burst(deadline_s=FAR) == b"x" * 10
        network.let_in(b"x")
        with pytest.raises(Overflow):
            await reading.burst(deadline_s=FAR)


async def test_leaving_ends_the_reading_task_in_a_pause_too() -> None:
    network, time = Network(), Time()
    async with door(network, time) as reading:
        for _ in range(2):
            network.let_in(b"a")
            await reading.burst(deadline_s=FAR)
            await turns()
        assert time.pauses == 1
    assert [task for task in asyncio.all_tasks() if task.get_name() == "model-door"] == []
