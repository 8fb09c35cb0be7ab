"""Readers of event streams that cost little: raw sockets, bytes counted as they come.

    python -m e2e.bench.sockets             driven by lines of JSON (see `beside`)

They parse nothing, see `wire`. Of the first few streams they also note when each entry came.
"""

import asyncio
import select
import socket
import time

from e2e.bench.beside import answer
from e2e.bench.stage import Figures, spread
from e2e.bench.wire import CAUGHT_UP, ENTRY, FRAME, ONE_ENTRY, STAMP, asking, raise_files_max

SAMPLED = 20
READ_BYTES = 262_144
OPEN_S_MAX = 120.0


class Stream:
    """One reader's socket, and what came through it."""

    __slots__ = ("entries", "frames", "socket", "tail")

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=OPEN_S_MAX)
        self.socket.sendall(request)
        self.socket.setblocking(False)
        self.tail = b""
        self.entries = self.frames = 0


class Readers:
    """All readers of this process."""

    def __init__(self) -> None:
        self._streams: dict[int, Stream] = {}
        self._poll = select.epoll()
        self._sampled: set[int] = set()
        self._delays_ms: list[float] = []
        self._first_ns = self._last_ns = 0
        self._sample = b""

    async def open(self, port: int, streams: list[tuple[str, str]]) -> Figures:
        """Open a stream for each account and cursor; return once all have caught up."""
        began, opened = time.perf_counter(), set()
        for account, cursor in streams:
            stream = Stream(port, asking(account, cursor))
            number = stream.socket.fileno()
            self._streams[number] = stream
            self._poll.register(number, select.EPOLLIN)
            opened.add(number)
            if len(self._sampled) < SAMPLED:
                self._sampled.add(number)
        while opened:
            if time.perf_counter() - began > OPEN_S_MAX:
                raise TimeoutError(f"{len(opened)} of {len(streams)} streams did not catch up")
            for number, text in self._read(1.0):
                if CAUGHT_UP in text:
                    opened.discard(number)
        self._count_anew()
        return {"open": len(self._streams), "took_s": time.perf_counter() - began}

    async def count(self, each: int, bound_s: float) -> Figures:
        """Return once each stream has brought so many entries, or when the time is up."""
        used_s = time.process_time()
        end = time.monotonic() + bound_s
        waiting = {number for number, one in self._streams.items() if one.entries < each}
        while waiting and time.monotonic() < end:
            for number, _ in self._read(1.0):
                if self._streams[number].entries >= each:
                    waiting.discard(number)
        sampled = [self._streams[number] for number in self._sampled]
        frames = sum(stream.frames for stream in sampled)
        counted = {
            "entries": sum(stream.entries for stream in self._streams.values()),
            "late_readers": len(waiting),
            "took_s": (self._last_ns - self._first_ns) / 1e9,
            "entries_per_frame": sum(stream.entries for stream in sampled) / max(1, frames),
            "delay_ms": spread(self._delays_ms),
            "cpu_s": time.process_time() - used_s,
            "sample": self._sample.decode("latin-1"),
        }
        self._count_anew()
        return counted

    async def close(self) -> Figures:
        """Close every stream."""
        closed = len(self._streams)
        for stream in self._streams.values():
            stream.socket.close()
        self.__init__()
        return {"closed": closed}

    def _count_anew(self) -> None:
        """What comes from now on belongs to the next count, though it be asked for later."""
        for stream in self._streams.values():
            stream.entries = stream.frames = 0
        self._delays_ms, self._first_ns = [], 0

    def _read(self, wait_s: float) -> list[tuple[int, bytes]]:
        """Take what is there; return it by stream, with the end of what came before."""
        got = []
        for number, _ in self._poll.poll(wait_s):
            stream = self._streams[number]
            piece = stream.socket.recv(READ_BYTES)
            if not piece:
                raise ConnectionError("the server closed a stream")
            text = stream.tail + piece
            stream.tail = text[1 - len(ENTRY) :]
            stream.entries += text.count(ENTRY)
            if number in self._sampled:
                self._look_at(stream, text)
            got.append((number, text))
        if got:
            self._last_ns = time.monotonic_ns()
        return got

    def _look_at(self, stream: Stream, text: bytes) -> None:
        now = time.monotonic_ns()
        stream.frames += text.count(FRAME)
        stamps = [int(stamp) for stamp in STAMP.findall(text)]
        if stamps and not self._first_ns:
            self._first_ns = stamps[0]
        self._delays_ms += [(now - stamp) / 1e6 for stamp in stamps]
        if not self._sample and (found := ONE_ENTRY.search(text)):
            self._sample = found[0]


async def main() -> None:
    raise_files_max()
    readers = Readers()
    await answer({"open": readers.open, "count": readers.count, "close": readers.close})


if __name__ == "__main__":
    asyncio.run(main())
