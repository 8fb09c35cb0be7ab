"""The limit of delivery: a loop that writes bytes to sockets, and nothing else.

    python -m e2e.bench.bare                driven by lines of JSON (see `beside`)

Whoever connects is told `caught-up` and from then on written to. Two ways: asyncio's
`transport.write`, which a server on asyncio cannot beat, and plain `send`, which nothing can.
"""

import asyncio
import contextlib
import socket
import time

from e2e.bench.beside import Asked, answer, say
from e2e.bench.wire import CAUGHT_UP, STAMP, STAMP_DIGITS, raise_files_max


class Connection(asyncio.Protocol):
    """A reader; what it asks is not listened to."""

    def __init__(self, connections: "dict[asyncio.Transport, Connection]") -> None:
        self._connections = connections
        self._free = asyncio.Event()
        self._free.set()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._connections[transport] = self
        transport.write(CAUGHT_UP)

    def connection_lost(self, problem: Exception | None) -> None:
        self._free.set()
        self._connections.clear()

    def pause_writing(self) -> None:
        self._free.clear()

    def resume_writing(self) -> None:
        self._free.set()

    async def drain(self) -> None:
        await self._free.wait()


class Bare:
    def __init__(self) -> None:
        self.connections: dict[asyncio.Transport, Connection] = {}

    async def write(self, frame: str, rounds: int, per_s: float, way: str) -> Asked:
        """Write the frame to every socket so many rounds, `per_s` of them a second (0: unpaced)."""
        head, tail = self._around_stamp(frame)
        write = {"transport.write": self._by_transport, "send": self._by_send}[way]
        sockets = [_plain(transport) for transport in self.connections]
        used_s, began = time.process_time(), time.monotonic()
        for number in range(rounds):
            if per_s:
                await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))
            stamp = f"{time.monotonic_ns():0{STAMP_DIGITS}d}".encode()
            await write(head + stamp + tail, sockets)
        took_s, cpu_s = time.monotonic() - began, time.process_time() - used_s
        for one in sockets:
            one.detach()
        writes = rounds * len(sockets)
        return {"cpu_us_per_write": 1e6 * cpu_s / writes, "writes_per_s": writes / took_s}

    async def _by_transport(self, frame: bytes, sockets: list[socket.socket]) -> None:
        for transport in self.connections:
            transport.write(frame)
        for connection in list(self.connections.values()):
            await connection.drain()
        await asyncio.sleep(0)

    async def _by_send(self, frame: bytes, sockets: list[socket.socket]) -> None:
        for one in sockets:
            rest = frame
            while rest:
                try:
                    rest = rest[one.send(rest) :]
                except BlockingIOError:
                    await asyncio.sleep(0)

    @staticmethod
    def _around_stamp(frame: str) -> tuple[bytes, bytes]:
        whole = frame.encode("latin-1")
        found = STAMP.search(whole)
        assert found is not None, "the frame bears no stamp"
        return whole[: found.start(1)], whole[found.end(1) :]


def _plain(transport: asyncio.Transport) -> socket.socket:
    """The transport's socket as a plain one, on the same file; the transport keeps it."""
    return socket.socket(fileno=transport.get_extra_info("socket").fileno())


async def main() -> None:
    raise_files_max()
    bare = Bare()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(bare.connections), "127.0.0.1", 0, backlog=2048
    )
    say({"port": server.sockets[0].getsockname()[1]})
    await answer({"write": bare.write})
    for transport in list(bare.connections):
        transport.abort()
    server.close()
    with contextlib.suppress(asyncio.CancelledError):
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
