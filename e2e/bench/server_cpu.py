"""Processor time of the server for one answer of 5,000 tokens at 1,000 a second: real HTTP model,
journal on disk, one event stream read by a browser's stand-in.

    python -m e2e.bench.server_cpu [--tokens 5000] [--rate 1000]

Beside it the limit: a process that only receives the same bytes from the same provider.
"""

import argparse
import asyncio
import subprocess
import sys
import time

import httpx

from e2e.api import Api
from e2e.bench.stage import Figures, ask, cpu_s, pacing_provider, report, serving

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


async def measure(tokens: int, rate: int) -> Figures:
    model = f"auto-{rate}-{tokens}"
    with pacing_provider() as provider:
        async with serving(provider) as (server, api):
            looking = Looking()
            reader = asyncio.create_task(looking.read(server.url, api.first))
            await _answer(api, looking, f"auto-{rate}-20")  # imports are not the answer's
            process = server.process.pid
            before_s, began = cpu_s(process), time.perf_counter()
            await _answer(api, looking, model)
            used_s, took_s = cpu_s(process) - before_s, time.perf_counter() - began
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        bare = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", RECEIVE, provider, model],
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )
    return {
        "what": "server processor seconds",
        "tokens": tokens,
        "tokens_per_s": rate,
        "server cpu_s": round(used_s, 2),
        "answer took_s": round(took_s, 2),
        "sent_kB": round(looking.received / 1000),
        "only receiving cpu_s": round(float(bare.stdout), 2),
        "reach": {"server cpu_s": REACH_CPU_S},
    }


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
    options.add_argument("--tokens", type=int, default=5_000)
    options.add_argument("--rate", type=int, default=1_000)
    given = options.parse_args()
    report(lambda: measure(given.tokens, given.rate))


if __name__ == "__main__":
    main()
