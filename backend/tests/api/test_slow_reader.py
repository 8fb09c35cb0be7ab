"""Law L11 over real sockets: one reader stops reading while the others read on."""

import asyncio
import codecs
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.tests.api.site import Site, Stream, served, streaming
from backend.tests.journal.replay import assert_same, read_state
from backend.tests.journal.world import World
from backend.tests.store import BOUND_S
from holdfast_protocol.codec import decode_entry
from holdfast_protocol.fold import fold
from holdfast_protocol.limits import (
    ENTRY_BYTES_PER_READ_MAX,
    FEED_BYTES_MAX,
    UNSENT_BYTES_MAX,
)
from holdfast_protocol.sse import Frame, FrameDecoder

APPENDS, EACH, CHARS = 100, 60, 300
"""6,000 entries of some 500 bytes: three times what is kept for those who are a little late."""
BUFFER_BYTES = 4_096
TRANSPORT_BYTES = 65_536
"""From where on asyncio's transport takes no more, and `send` waits."""


class LittleByLittle:
    """A stream over a connection with next to no buffers; nothing is read but when it is asked.

    In HTTP/1.0, where an answer is not cut into chunks: what comes are the frames alone.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._decoder = FrameDecoder()
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._ready: list[Frame] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str, cursor: str) -> AsyncIterator["LittleByLittle"]:
        host, port = address.removeprefix("http://").split(":")
        connection = socket.socket()
        # Before it is open, when the two sides agree on how much may be under way.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (host, int(port)))
        reader, writer = await asyncio.open_connection(sock=connection, limit=BUFFER_BYTES)
        asked = f"GET /api/events?cursor={cursor} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n"
        writer.write(asked.encode())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            yield cls(reader)
        finally:
            writer.close()
            await writer.wait_closed()

    async def next(self) -> Frame | None:
        """Return the next frame; None once the server has ended the stream."""
        while not self._ready:
            async with asyncio.timeout(BOUND_S):
                piece = await self._reader.read(BUFFER_BYTES)
            if not piece:
                return None
            self._ready = self._decoder.feed(self._text.decode(piece))
        return self._ready.pop(0)


async def entries_to_the_end(stream: Stream | LittleByLittle) -> list[dict]:
    """Read the stream until the run has ended."""
    found = []
    while not found or found[-1]["type"] != "run.ended":
        frame = await stream.next()
        assert frame is not None, f"the stream ended after {found[-1:]}"
        assert frame.event in ("journal", "caught-up")
        found += json.loads(frame.data) if frame.event == "journal" else []
    return found


async def write_much(world: World) -> int:
    """Write a long answer; return the sequence at its end."""
    answer, part = await world.streaming()
    for _ in range(APPENDS):
        await world.do(answer.write(*(answer.says(part, "x" * CHARS) for _ in range(EACH))))
    await world.do(answer.end("complete"))
    return await world.head()


def waiting_to_send(site: Site) -> int:
    """How many streams wait for their connection to take what is sent."""
    (feed,) = site.server.reading._feeds.values()
    return sum(follower.sending_since_s is not None for follower in feed._followers)


async def test_L11_a_reader_that_stops_reading_loses_nothing_and_hurts_nobody(site):
    world = World(site.journal)
    await world.create("Before")
    before = await read_state(world)
    cursor = str((await site.journal.head("local")).at(before.seq))
    counts = site.server.reading.counts
    async with served(site) as (address, web), LittleByLittle.open(address, cursor) as slow:
        (held_up,) = web.server_state.connections
        async with streaming(address, params={"cursor": cursor}) as quick:
            head, got = await asyncio.gather(write_much(world), entries_to_the_end(quick))
            assert [entry["seq"] for entry in got] == list(range(before.seq + 1, head + 1))
            assert waiting_to_send(site) == 1, "nobody was slow: nothing was shown"
        unsent = held_up.transport.get_write_buffer_size()
        assert 0 < unsent <= TRANSPORT_BYTES + ENTRY_BYTES_PER_READ_MAX + 1_000
        assert await entries_to_the_end(slow) == got
        assert counts.behind >= 1
        assert (counts.reset, counts.closed) == (0, 0)
    state = before
    for entry in got:
        state = fold(state, decode_entry(entry))
    assert_same(state, await read_state(world), since=before)


def test_L12_a_reader_that_stopped_reading_costs_a_megabyte_at_most():
    """A frame that waits to be sent, and what the transport holds, grown by an eighth."""
    frame = ENTRY_BYTES_PER_READ_MAX + 1_000
    assert frame + 1.125 * (TRANSPORT_BYTES + frame) < 2**20
    assert UNSENT_BYTES_MAX < 2**18 < FEED_BYTES_MAX
