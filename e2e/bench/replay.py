"""How fast a reader gets what it missed: the whole journal, from its beginning, over HTTP.

    python -m e2e.bench.replay [--megabytes 64]

A journal of that many megabytes of entries is written first, as runs write them. Then a raw socket
reads it to its end, once by `/api/events` and once by `/api/poll`. Beside them, in the same run:
SQLite giving the same bodies to a bare loop, and a bare socket carrying as many bytes.
"""

import argparse
import asyncio
import http.client
import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from e2e.bench.stage import Figures, cpu_s, report
from e2e.server import Server

CAUGHT_UP = b"event: caught-up"
READ_BYTES = 262_144
SEND = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sending:
    left, piece = int(sys.argv[2]), bytes(65536)
    while left > 0:
        left -= sending.send(piece[:left])
"""


async def measure(megabytes: int) -> Figures:
    """Write the journal, read it in every way, and sum up."""
    server = Server()
    try:
        cursor = await asyncio.to_thread(_fill, server.folder / "data", megabytes)
        await server.start()
        process = server.process.pid
        ways: dict[str, Callable[[], int]] = {
            "/api/events": lambda: _by_events(server.port, cursor),
            "/api/poll": lambda: _by_poll(server.port, cursor),
        }
        read = {name: await _timed(way, process) for name, way in ways.items()}
        size = read["/api/events"]["MB"]
        limits: dict[str, Callable[[], int]] = {
            "sqlite, the same bodies": lambda: _by_sqlite(server.folder / "data" / "holdfast.db"),
            "a bare socket, as many bytes": lambda: _by_socket(round(size * 1e6)),
        }
        bare = {name: await _timed(way, None) for name, way in limits.items()}
    finally:
        await server.dispose()
    return {"what": "replay of a whole journal", "results": read, "limits": bare}


def _fill(folder: Path, megabytes: int) -> str:
    """Write the journal in a process of its own; return the cursor before its first entry."""
    case = {"megabytes": megabytes, "folder": str(folder)}
    filled = subprocess.run(
        [sys.executable, "-m", "e2e.bench.write_side", json.dumps({"mode": "fill", **case})],
        check=True,
        stdout=subprocess.PIPE,
        timeout=600,
    )
    return json.loads(filled.stdout)["cursor"]


async def _timed(read: Callable[[], int], process: int | None) -> Figures:
    before_s = cpu_s(process) if process else 0.0
    began = time.perf_counter()
    size = await asyncio.to_thread(read)
    took_s = time.perf_counter() - began
    figures: Figures = {"MB": round(size / 1e6, 1), "MB_per_s": round(size / 1e6 / took_s, 1)}
    if process:
        figures["server cpu_ms_per_MB"] = round((cpu_s(process) - before_s) / size * 1e9, 1)
    return figures


def _by_events(port: int, cursor: str) -> int:
    asking = f"GET /api/events?cursor={cursor} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    size, tail = 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as reading:
        reading.sendall(asking.encode())
        while CAUGHT_UP not in tail:
            piece = reading.recv(READ_BYTES)
            assert piece, "the stream ended before it had caught up"
            size += len(piece)
            tail = tail[-len(CAUGHT_UP) :] + piece
    return size


def _by_poll(port: int, cursor: str) -> int:
    polling = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    size, more = 0, True
    while more:
        polling.request("GET", f"/api/poll?cursor={cursor}")
        body = polling.getresponse().read()
        size += len(body)
        page: dict[str, Any] = json.loads(body.partition(b',"entries":[')[0] + b"}")
        cursor, more = page["cursor"], page["more"]
    polling.close()
    return size


def _by_sqlite(path: Path) -> int:
    store = sqlite3.connect(path)
    size = sum(
        len(body) for (body,) in store.execute("SELECT body FROM entries ORDER BY account, seq")
    )
    store.close()
    return size


def _by_socket(size: int) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", SEND, str(port), str(size)]):
            receiving, _ = listening.accept()
            with receiving:
                return sum(iter(lambda: len(receiving.recv(READ_BYTES)), 0))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--megabytes", type=int, default=64)
    given = options.parse_args()
    report(lambda: measure(given.megabytes))


if __name__ == "__main__":
    main()
