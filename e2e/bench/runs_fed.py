"""How many runs a real HTTP model feeds through one server process, each at 50 tokens a second.

    python -m e2e.bench.runs_fed [--runs 25 50 100 150 200 300] [--seconds 4]

One provider process, one server process, and this one, which reads the account's event stream as
a browser would. Latency from the provider writing a token to its entry being read here, durable
before. More runs are tried until p99 passes 100 ms. Beside it the limit: as many connections to
the provider, read by a bare loop in this process, with no server in between.
"""

import argparse
import asyncio
import math
import os
import time
from urllib.parse import urlsplit

from e2e.api import Api
from e2e.bench.stage import Figures, ask, cpu_s, provider_process, report, serving, spread
from e2e.bench.stamped import STAMP, written_ms

TOKENS_PER_S = 50
SETTLE_S = 2.0
"""From the last run's start to the first token that counts."""
P99_MS_MAX = 100.0
BOUND_S = 60.0
ENDED = b'"type":"run.ended"'


class Reader:
    """Reads whole bodies and notes how old each token is that comes by."""

    def __init__(self) -> None:
        self.ages_ms: list[float] = []
        self.ended = 0
        self._changed = asyncio.Event()

    async def read(self, url: str, request: str) -> None:
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request.encode())
        held = b""
        try:
            while piece := await reader.read(262_144):
                held = self.take(held + piece)
        finally:
            writer.close()

    def take(self, text: bytes) -> bytes:
        """Note what these bytes hold; return what is to be looked at with the next."""
        now_ms = time.time() * 1000
        whole = text.rfind(b"}") + 1  # behind it a read may have cut a token in two
        self.ages_ms += [now_ms - written_ms(stamp) for stamp in STAMP.findall(text[:whole])]
        if ended := text[:whole].count(ENDED):
            self.ended += ended
            self._changed.set()
        return text[whole:]

    async def until_ended(self, count: int) -> None:
        """Return once so many runs have ended."""
        async with asyncio.timeout(BOUND_S):
            while self.ended < count:
                self._changed.clear()
                await self._changed.wait()


async def measure(steps: list[int], seconds: float) -> Figures:
    """Feed more and more runs, until one figure is too bad."""
    results: list[Figures] = []
    with provider_process("e2e.bench.lean_provider") as (base_url, provider):
        async with serving(base_url) as (server, api):
            for runs in steps:
                reader = Reader()
                watched = {
                    "server": server.process.pid,
                    "provider": provider,
                    "reader": os.getpid(),
                }
                figures = await _fed(server.url, api, reader, runs, seconds, watched)
                results.append({"runs": runs, **figures})
                if not _is_soon(figures):
                    break
        bare = await _bare(base_url, results[-1]["runs"], seconds, provider)
    fed = [one["runs"] for one in results if _is_soon(one)]
    return {
        "what": f"runs fed at {TOKENS_PER_S} tokens a second by one process, durable first",
        "runs with p99 within 100 ms": max(fed, default=0),
        "results": results,
        "limits": {"no server in between": {"runs": results[-1]["runs"], **bare}},
        "note": "CPU is in percent of a core. The server's is what bounds it: about one core, for"
        " Python runs one thread at a time. On a machine of two the provider has the other.",
    }


def _is_soon(figures: Figures) -> bool:
    return figures["ms from written to read"].get("p99", math.inf) <= P99_MS_MAX


async def _fed(
    url: str, api: Api, reader: Reader, runs: int, seconds: float, watched: dict[str, int]
) -> Figures:
    cursor = (await api.bootstrap())["cursor"]
    asking = f"GET /api/events?cursor={cursor} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    reading = asyncio.create_task(reader.read(url, asking))
    starting_s = runs * 0.01
    tokens = round(TOKENS_PER_S * (starting_s + SETTLE_S + seconds + 1))
    model = f"auto-{TOKENS_PER_S}-{tokens}"
    for _ in range(runs):
        await ask(api, "Go", model=model)
    figures = await _watch(reader, runs, seconds, watched)
    await reader.until_ended(runs)
    await _end(reading)
    return figures


async def _bare(base_url: str, runs: int, seconds: float, provider: int) -> Figures:
    """Read as many answers with nothing in between."""
    tokens = round(TOKENS_PER_S * (SETTLE_S + seconds + 1))
    body = f'{{"model": "auto-{TOKENS_PER_S}-{tokens}"}}'
    path = urlsplit(base_url).path
    asking = (
        f"POST {path}/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    reader = Reader()
    reading = [asyncio.create_task(reader.read(base_url, asking)) for _ in range(runs)]
    figures = await _watch(reader, runs, seconds, {"provider": provider, "reader": os.getpid()})
    await _end(*reading)
    return figures


async def _watch(reader: Reader, runs: int, seconds: float, watched: dict[str, int]) -> Figures:
    """Sum up what comes by from now on, once it has settled."""
    await asyncio.sleep(SETTLE_S)
    before_s = {name: cpu_s(process) for name, process in watched.items()}
    reader.ages_ms, began = [], time.perf_counter()
    await asyncio.sleep(seconds)
    took_s, ages_ms = time.perf_counter() - began, reader.ages_ms
    return {
        "ms from written to read": spread(ages_ms),
        "tokens_per_s": round(len(ages_ms) / took_s),
        "of": runs * TOKENS_PER_S,
        "cpu_percent": {
            name: round((cpu_s(process) - before_s[name]) / took_s * 100)
            for name, process in watched.items()
        },
    }


async def _end(*reading: asyncio.Task[None]) -> None:
    for one in reading:
        one.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--runs", type=int, nargs="+", default=[25, 50, 100, 150, 200, 300])
    options.add_argument("--seconds", type=float, default=4)
    given = options.parse_args()
    report(lambda: measure(given.runs, given.seconds))


if __name__ == "__main__":
    main()
