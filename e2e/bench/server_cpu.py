"""Processor time of the server for one answer, all in: real HTTP model, journal on disk, one event
stream read by a browser's stand-in.

    python -m e2e.bench.server_cpu [--cases 5000@1000 1000@50]      (tokens @ tokens a second)

Beside it the limit, a process that only receives the same bytes from the same provider; and, from
a second server that runs under a profiler, which part of it takes what share (`profiled`).
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from e2e.api import Api
from e2e.bench import profiled
from e2e.bench.stage import Figures, ask, cpu_s, pacing_provider, report, serving
from e2e.server import Server
from e2e.until import until

REACH_CPU_S = 1.0
RECEIVE = """
import http.client, json, sys, time, urllib.parse
address = urllib.parse.urlsplit(sys.argv[1])
body = json.dumps({"model": sys.argv[2], "stream": True, "messages": []})
provider = http.client.HTTPConnection(address.netloc)
began = time.process_time()
provider.request("POST", address.path + "/chat/completions", body)
answer = provider.getresponse()
while answer.read1(65536):
    pass
print(time.process_time() - began)
"""


async def measure(cases: list[tuple[int, int]]) -> Figures:
    """Measure each case (tokens, tokens a second): as it is, and again under the profiler."""
    results = []
    with pacing_provider() as provider:
        for tokens, rate in cases:
            figures = await _as_it_is(provider, tokens, rate)
            figures["only receiving cpu_s"] = await asyncio.to_thread(
                _receive, provider, tokens, rate
            )
            if sys.version_info < (3, 12):  # from then on a profiler cannot tell threads apart
                figures["where it goes, percent"] = await _profiled(provider, tokens, rate)
            results.append({"tokens": tokens, "tokens_per_s": rate, **figures})
    return {
        "what": "server processor seconds",
        "results": results,
        "reach": {"server cpu_s for 5,000 tokens at 1,000/s": REACH_CPU_S},
    }


async def _as_it_is(provider: str, tokens: int, rate: int) -> Figures:
    async with _ready(provider) as (server, api, looking):
        process = server.process.pid
        before_s, began = cpu_s(process), time.perf_counter()
        await _answer(api, looking, f"auto-{rate}-{tokens}")
        used_s, took_s = cpu_s(process) - before_s, time.perf_counter() - began
    return {
        "server cpu_s": round(used_s, 2),
        "cpu_us_per_token": round(used_s / tokens * 1e6),
        "answer took_s": round(took_s, 2),
        "sent_kB": round(looking.received / 1000),
    }


async def _profiled(provider: str, tokens: int, rate: int) -> Figures:
    """Return the share of each part in the processor time of one answer."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        notes = Path(folder) / "notes"
        program = [sys.executable, "-P", profiled.__file__, str(notes)]
        async with _ready(provider, program) as (server, api, looking):
            before = await _next_note(notes, server, 1)
            await _answer(api, looking, f"auto-{rate}-{tokens}")
            after = await _next_note(notes, server, 2)
    used = {part: seconds - before.get(part, 0.0) for part, seconds in after.items()}
    whole = sum(used.values())
    shares = sorted(((round(used[part] / whole * 100, 1), part) for part in used), reverse=True)
    return {part: share for share, part in shares}


async def _next_note(notes: Path, server: Server, number: int) -> Figures:
    """Have the profiled server write its next note; return it."""

    async def written() -> str | None:
        text = await asyncio.to_thread(lambda: notes.read_text() if notes.exists() else "")
        return text if text.count("\n") == number else None

    os.kill(server.process.pid, signal.SIGUSR1)
    text = await until(written, what="the profile")
    return json.loads(text.splitlines()[-1])


def _receive(provider: str, tokens: int, rate: int) -> float:
    """Return the processor seconds of a process that only receives the answer."""
    bare = subprocess.run(
        [sys.executable, "-c", RECEIVE, provider, f"auto-{rate}-{tokens}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return round(float(bare.stdout), 2)


@asynccontextmanager
async def _ready(
    provider: str, program: Sequence[str] = ()
) -> AsyncIterator[tuple[Server, Api, "Looking"]]:
    """Run a server that somebody looks at and that has answered once already."""
    async with serving(provider, program) as (server, api):
        looking = Looking()
        reader = asyncio.create_task(looking.read(server.url, api.first))
        await _answer(api, looking, "auto-1000-20")
        yield server, api, looking
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _answer(api: Api, looking: "Looking", model: str) -> None:
    looking.ended.clear()
    looking.received = 0
    await ask(api, "Go", model=model)
    async with asyncio.timeout(120):
        await looking.ended.wait()


class Looking:
    """A browser's stand-in: reads the account's events and notices the end of a run."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.received = 0

    async def read(self, url: str, cursor: str) -> None:
        tail = b""
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=None) as client,
            client.stream("GET", "/api/events", params={"cursor": cursor}) as answer,
        ):
            answer.raise_for_status()
            async for piece in answer.aiter_raw():
                self.received += len(piece)
                if b"run.ended" in tail + piece:
                    self.ended.set()
                tail = piece[-16:]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--cases", nargs="+", default=["5000@1000", "1000@50"])
    given = options.parse_args()
    cases = [tuple(map(int, case.split("@"))) for case in given.cases]
    report(lambda: measure(cases))


if __name__ == "__main__":
    main()
