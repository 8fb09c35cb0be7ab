"""What an event stream costs on which nothing happens: memory for each, and processor time.

    python -m e2e.bench.idle [--streams 1000] [--seconds 15]

Streams are opened on a server that has had some before; memory is read when it has settled, once
after opening, once after each stream was sent one entry and is idle anew, once when all have left,
and once when as many came again, which shows whether anything was kept. An account may have
so many streams at once, so they are spread over accounts. Beside it the limit: as many connections
to a loop that does nothing else. `server` is a fresh `holdfast serve` with nobody looking.
"""

import argparse
import asyncio
import os
from math import ceil

from e2e.bench.beside import Beside, beside
from e2e.bench.memory import Memory, settled_memory
from e2e.bench.stage import Figures, cpu_s, report, serving
from e2e.bench.wire import raise_files_max

REACH = {"kB per stream": 60, "streams": 5_000, "idle server MB": 150}
STREAMS_PER_ACCOUNT = 1_000
WARM_UP = 100
OWN_FILES = 100
"""Files that a process has open besides its streams."""
WAIT_S_MAX = 60.0


async def measure(streams: int, seconds: float) -> Figures:
    if streams + OWN_FILES > raise_files_max():
        raise SystemExit(f"{streams} streams need as many files: raise the limit (ulimit -Hn)")
    async with serving(None) as (server, _):
        fresh = await settled_memory(server.process.pid)
    accounts = [f"idle-{number}" for number in range(ceil(streams / STREAMS_PER_ACCOUNT))]
    async with beside("e2e.bench.scripted") as server, beside("e2e.bench.sockets") as readers:
        started = await server.next()
        await server.ask("begin", accounts=accounts)
        heads = await server.ask("heads", accounts=accounts)
        wanted = [
            (account, heads[account]) for account in accounts for _ in range(STREAMS_PER_ACCOUNT)
        ][:streams]
        figures = await _streams(server, readers, started, wanted, seconds)
    async with beside("e2e.bench.bare") as bare, beside("e2e.bench.sockets") as readers:
        port = (await bare.next())["port"]
        before, after = await _opened(bare.pid, readers, port, [("", "")] * streams)
    return {
        "what": "idle event streams",
        "streams": streams,
        "reach": REACH,
        "idle server MB": fresh.mb(),
        **figures,
        "limit, kB per bare connection": (after - before).per(streams),
        "load": os.getloadavg()[0],
    }


async def _streams(
    server: Beside, readers: Beside, started: Figures, wanted: list, seconds: float
) -> Figures:
    process = started["pid"]
    before, opened = await _opened(process, readers, started["port"], wanted)
    used_s = cpu_s(process)
    await asyncio.sleep(seconds)
    used_s = cpu_s(process) - used_s
    await asyncio.gather(
        server.ask("write", appends=1, each=1, chars=24, per_s=0),
        readers.ask("count", each=1, bound_s=WAIT_S_MAX),
    )
    told = await settled_memory(process)
    await readers.ask("close")
    closed = await settled_memory(process)
    await readers.ask("open", port=started["port"], streams=wanted)
    again = await settled_memory(process)
    await readers.ask("close")
    return {
        "kB per stream, opened": (opened - before).per(len(wanted)),
        "kB per stream, after an entry": (told - before).per(len(wanted)),
        "kB per stream, after they left": (closed - before).per(len(wanted)),
        "kB per stream, opened again": (again - before).per(len(wanted)),
        "server MB with all of them": opened.mb(),
        "idle cpu_ms_per_s": round(1000 * used_s / seconds, 1),
        "idle cpu_us per stream and s": round(1e6 * used_s / seconds / len(wanted), 1),
    }


async def _opened(process: int, readers: Beside, port: int, streams: list) -> tuple[Memory, Memory]:
    """Return the memory before and after opening, both settled, the first after some had been."""
    await readers.ask("open", port=port, streams=streams[:WARM_UP])
    await readers.ask("close")
    before = await settled_memory(process)
    await readers.ask("open", port=port, streams=streams)
    return before, await settled_memory(process)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--streams", type=int, default=1_000)
    options.add_argument("--seconds", type=float, default=15, help="how long to look on")
    given = options.parse_args()
    report(lambda: measure(given.streams, given.seconds))


if __name__ == "__main__":
    main()
