"""A reader that stops reading, and what the others and the server notice of it.

    python -m e2e.bench.slow_reader [--entries 20000] [--fast 10]

The same entries pass three times: once to warm up, once with the fast readers alone, once with a
slow one beside them, whose receive buffer is 4 kB and which reads nothing meanwhile. Compared are
the fast readers' delays and how much the server grew. Then the slow one reads on, connecting anew
from its cursor if it has been closed, and what it got is held against another reader's bytes and
against the journal as polled. The limit is the pass without it.
"""

import argparse
import asyncio
import json
import os
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from e2e.bench.beside import Beside, beside
from e2e.bench.memory import Memory, memory, settled_memory
from e2e.bench.stage import Figures, report
from e2e.bench.wire import CAUGHT_UP, asking

REACH = {"server grows by MiB at most": 1}
ACCOUNT = "local"
RUNS = 10
EACH = 10
"""Entries in one append: what a window gathers of a run with reasoning and tools."""
PER_S = 30
"""Appends of a run in a second: 3,000 entries a second in all."""
RECEIVE_BYTES = 4_096
WAIT_S_MAX = 600.0
PEEK_S = 0.1
SEQ = re.compile(rb'"seq":(\d+)')


@dataclass
class Client:
    """A reader of one stream that keeps what it was sent, and reads only when told to."""

    port: int
    cursor: str
    receive_bytes: int | None = None
    entries: list[bytes] = field(default_factory=list)
    connections: int = 0
    resets: int = 0
    _socket: socket.socket | None = None
    _bytes: bytearray = field(default_factory=bytearray)

    def connect(self) -> None:
        """Open the stream and read until it has caught up."""
        self._socket = socket.socket()
        if self.receive_bytes is not None:  # before the handshake, which tells the window
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_bytes)
        self._socket.settimeout(WAIT_S_MAX)
        self._socket.connect(("127.0.0.1", self.port))
        self._socket.sendall(asking(ACCOUNT, self.cursor))
        self.connections += 1
        while CAUGHT_UP not in self._bytes and self._read():
            pass

    @property
    def address(self) -> tuple[int, int]:
        """Its port and the server's."""
        assert self._socket is not None
        return self._socket.getsockname()[1], self.port

    def read_to(self, seq: int) -> None:
        """Read until the entry of that sequence has come, whatever it takes."""
        mark = b'"seq":%d' % seq
        while mark not in self._bytes[-300_000:]:
            if not self._read():
                self._take()
                if self.entries and int(SEQ.findall(self.entries[-1])[-1]) >= seq:
                    return
                self.close()
                self.connect()
        while not self._bytes.endswith(b"\n\n\r\n"):
            self._read()
        self._take()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _read(self) -> bool:
        """Take what has come; tell whether there may be more."""
        assert self._socket is not None
        try:
            piece = self._socket.recv(262_144)
        except ConnectionResetError:
            piece = b""
        self._bytes += piece
        return bool(piece)

    def _take(self) -> None:
        """Take entries and cursor out of all whole frames of this connection."""
        _, _, body = bytes(self._bytes).partition(b"\r\n\r\n")
        self._bytes.clear()
        *frames, _ = _unchunked(body).split(b"\n\n")
        for frame in frames:
            lines = dict(line.split(b": ", 1) for line in frame.split(b"\n") if b": " in line)
            self.resets += lines.get(b"event") == b"reset"
            if lines.get(b"event") == b"journal":
                self.cursor = lines[b"id"].decode()
                self.entries.append(lines[b"data"][1:-1])


def _unchunked(body: bytes) -> bytes:
    """Return the content of a chunked body, as far as its chunks are whole."""
    pieces, at = [], 0
    while (end := body.find(b"\r\n", at)) >= 0:
        size = int(body[at:end], 16)
        if end + 2 + size > len(body):
            break
        pieces.append(body[end + 2 : end + 2 + size])
        at = end + 4 + size
    return b"".join(pieces)


async def measure(entries: int, fast: int) -> Figures:
    async with beside("e2e.bench.scripted") as server, beside("e2e.bench.sockets") as readers:
        started = await server.next()
        port = started["port"]
        await server.ask("begin", accounts=[ACCOUNT] * RUNS)
        first = (await server.ask("heads", accounts=[ACCOUNT]))[ACCOUNT]
        await readers.ask("open", port=port, streams=[(ACCOUNT, first)] * fast)
        await _passed(server, readers, started["pid"], entries)
        witness = Client(port, (await server.ask("heads", accounts=[ACCOUNT]))[ACCOUNT])
        await asyncio.to_thread(witness.connect)
        head = _seq(witness.cursor) + 2 * entries
        watching = threading.Thread(target=witness.read_to, args=(head,), daemon=True)
        watching.start()
        alone = await _passed(server, readers, started["pid"], entries)
        cursor = (await server.ask("heads", accounts=[ACCOUNT]))[ACCOUNT]
        slow = Client(port, cursor, RECEIVE_BYTES)
        await asyncio.to_thread(slow.connect)
        beside_slow = await _passed(server, readers, started["pid"], entries, slow)
        began = time.perf_counter()
        await asyncio.to_thread(slow.read_to, head)
        caught_up_s = time.perf_counter() - began
        await asyncio.to_thread(watching.join)
        same = await _compared(port, cursor, slow, witness)
        witness.close()
        slow.close()
    grown = beside_slow.pop("grown") - alone.pop("grown")
    return {
        "what": "a reader that stops reading",
        "entries": entries,
        "fast readers": fast + 1,
        "reach": REACH,
        "limit: without it": alone,
        "with it": beside_slow,
        "server grew for it by MiB": grown.per(1, 2**20, 2),
        "it then caught up in s": round(caught_up_s, 2),
        **same,
        "load": os.getloadavg()[0],
    }


def _seq(cursor: str) -> int:
    return int(re.search(r"(\d+)$", cursor)[1])


async def _passed(
    server: Beside, readers: Beside, process: int, entries: int, slow: Client | None = None
) -> Figures:
    """Let the entries pass; return the fast readers' delays and the server's growth."""
    before = await settled_memory(process)
    peak = asyncio.create_task(_peak(process, before))
    wrote, read = await asyncio.gather(
        server.ask("write", appends=entries // RUNS // EACH, each=EACH, chars=24, per_s=PER_S),
        readers.ask("count", each=entries, bound_s=WAIT_S_MAX),
    )
    peak.cancel()
    after = await settled_memory(process)
    grown, kernel = after - before, {"kernel holds for it kB": _queued_kb(slow)} if slow else {}
    return {
        "delay_ms": read["delay_ms"],
        "entries_per_s": round(entries / wrote["took_s"]),
        "late_readers": read["late_readers"],
        "server MB before": before.mb(),
        "server MB at most": (await peak).mb(),
        "server MB after": after.mb(),
        **kernel,
        "grown": grown,
    }


async def _peak(process: int, most: Memory) -> Memory:
    """Return the most that it held until cancelled."""
    try:
        while True:
            most = max(most, memory(process), key=lambda held: held.rss_bytes)
            await asyncio.sleep(PEEK_S)
    except asyncio.CancelledError:
        return most


def _queued_kb(slow: Client) -> float:
    """Return what the kernel holds on the server's side of its connection."""
    client, server = (f":{port:04X}" for port in slow.address)
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(server) and fields[2].endswith(client):
            return round(int(fields[4].partition(":")[0], 16) / 1000, 1)
    return 0.0


async def _compared(port: int, cursor: str, slow: Client, witness: Client) -> Figures:
    """Hold what the slow one got against another reader's bytes and against the journal."""
    got, others = b",".join(slow.entries), b",".join(witness.entries)
    sequences = [int(seq) for seq in SEQ.findall(got)]
    journal: list = []
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        more = True
        while more:
            answer = await client.get(
                f"http://127.0.0.1:{port}/api/poll", params={"cursor": cursor, "wait": 0}
            )
            page = answer.json()
            journal += page["entries"]
            cursor, more = page["cursor"], page["more"]
    first = sequences[0] if sequences else 0
    return {
        "its connections": slow.connections,
        "its resets": slow.resets,
        "gapless": sequences == list(range(first, first + len(sequences))),
        "same bytes as another reader": bool(got) and others.endswith(got),
        "equal to the journal": json.loads(b"[" + got + b"]") == journal,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--entries", type=int, default=20_000)
    options.add_argument("--fast", type=int, default=10)
    given = options.parse_args()
    report(lambda: measure(given.entries, given.fast))


if __name__ == "__main__":
    main()
