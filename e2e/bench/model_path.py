"""What reading a model costs the server: the path chosen and the one rejected, side by side.

    python -m e2e.bench.model_path [--tokens 5000] [--rates 1000 50]

Each candidate reads the same answer in a process of its own, after two short answers to warm up;
the provider is a third process. Printed as JSON: processor seconds of the reading process over the
answer, of each short one, of starting; how many modules the first answer loaded, for the start
should have paid for all of them; and its resident memory. `chosen` is the path in production,
`pydantic-ai` the one rejected, which lives only here and needs `pydantic-ai-slim[openai]` (2.68.0
was measured); without it, it is reported as not installed.
"""

import argparse
import asyncio
import importlib.util
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

BUDGET = {"cpu_s at 1000/s": 0.5, "idle rss_mb, whole server": 150}
"""The model path's share of the server's 1.0 s, and the memory of all of it."""

WARM_UP = "auto-1000"
Read = Callable[[str], Awaitable[tuple[int, int]]]
"""Reads one answer of the named model: code points and events."""


def chosen(base_url: str) -> Read:
    """The path in production, started as in production."""
    from holdfast_server.models.choosing import ModelSettings, choose_model
    from holdfast_server.models.port import TextDelta, Turn, TurnMessage

    model = asyncio.run(choose_model(ModelSettings(base_url=base_url)))

    async def read(name: str) -> tuple[int, int]:
        chars = events = 0
        async for event in model.answer(Turn(name, None, (TurnMessage("user", "hello"),))):
            events += 1
            if isinstance(event, TextDelta):
                chars += len(event.text)
        return chars, events

    return read


def rejected(base_url: str, *, merge: bool) -> Read:
    """pydantic-ai running the turn, its chunks merged at the door by a transport of our own."""
    import httpx2
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    class Merged(httpx2.AsyncByteStream):
        def __init__(self, inner: Any) -> None:
            self.inner = inner
            self.pieces = merged(inner) if merge else aiter(inner)

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self.pieces  # the SDK iterates twice: it drains what follows the end mark

        async def aclose(self) -> None:
            await self.inner.aclose()

    class Door(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: Any) -> Any:
            got = await super().handle_async_request(request)
            return httpx2.Response(
                got.status_code, headers=got.headers, stream=Merged(got.stream)
            )  # fmt: skip

    client = httpx2.AsyncClient(transport=Door())
    provider = OpenAICompatibleProvider(
        "bench", base_url=base_url, api_key="none", http_client=client
    )

    async def read(name: str) -> tuple[int, int]:
        agent = Agent(OpenAIChatModel(name, provider=provider))
        chars = events = 0
        async with agent.run_stream_events("hello") as stream:
            async for event in stream:
                events += 1
                if event.event_kind == "part_start":
                    chars += len(event.part.content)
                elif event.event_kind == "part_delta":
                    chars += len(event.delta.content_delta)
        return chars, events

    return read


async def merged(inner: Any) -> AsyncIterator[bytes]:
    """Gather as the path in production does, then join neighbouring text deltas into one chunk."""
    from holdfast_server.models.door import Door
    from holdfast_server.models.limits import LIMITS

    rest = b""
    clock = asyncio.get_running_loop().time
    async with Door(aiter(inner), LIMITS, asyncio.sleep, clock) as door:
        while (burst := await door.burst(deadline_s=math.inf)) is not None:
            whole, mark, rest = (rest + burst).rpartition(b"\n\n")
            yield join_texts(whole + mark)


def join_texts(block: bytes) -> bytes:
    import orjson

    events: list[Any] = []
    for line in filter(None, block.split(b"\n\n")):
        if line == b"data: [DONE]":
            events.append(line)
            continue
        chunk = orjson.loads(line[6:])
        text = chunk["choices"][0]["delta"].get("content")
        plain = text and not chunk["choices"][0]["finish_reason"]
        if plain and events and isinstance(events[-1], dict):
            events[-1]["choices"][0]["delta"]["content"] += text
        else:
            events.append(chunk if plain else line)
    return b"".join(
        (b"data: " + orjson.dumps(one) if isinstance(one, dict) else one) + b"\n\n"
        for one in events
    )


CANDIDATES: dict[str, Callable[[str], Read]] = {
    "chosen": chosen,
    "pydantic-ai": lambda url: rejected(url, merge=False),
    "pydantic-ai, merged at the door": lambda url: rejected(url, merge=True),
}


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


async def _used_s(reading: Awaitable[object]) -> float:
    before_s = time.process_time()
    await reading
    return round(time.process_time() - before_s, 3)


async def measure(candidate: str, base_url: str, model: str) -> dict[str, Any]:
    """In the reading process: build, warm up, read one answer."""
    began_s, used_s = time.perf_counter(), time.process_time()
    read = await asyncio.to_thread(CANDIDATES[candidate], base_url)
    started = {
        "start_s": round(time.perf_counter() - began_s, 2),
        "start_cpu_s": round(time.process_time() - used_s, 2),
        "rss_mb_idle": rss_mb(),
    }
    known = set(sys.modules)
    short_s = [await _used_s(read(f"{WARM_UP}-20")) for _ in range(2)]
    loaded = set(sys.modules) - known
    used_s = time.process_time()
    chars, events = await read(model)
    return {
        "candidate": candidate,
        "cpu_s": round(time.process_time() - used_s, 3),
        "first_answer_cpu_s": short_s[0],
        "second_answer_cpu_s": short_s[1],
        "modules loaded by the first answer": len(loaded),
        "events": events,
        "chars": chars,
        **started,
        "rss_mb": rss_mb(),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--tokens", type=int, default=5_000)
    options.add_argument("--rates", type=int, nargs="+", default=[1_000, 50])
    options.add_argument("--only", choices=CANDIDATES, help=argparse.SUPPRESS)
    options.add_argument("--base-url", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.only:
        model = f"auto-{given.rates[0]}-{given.tokens}"
        print(json.dumps(asyncio.run(measure(given.only, given.base_url, model))))
        return
    print(json.dumps(run_all(given.tokens, given.rates), indent=1))


def run_all(tokens: int, rates: list[int]) -> dict[str, Any]:
    here = [sys.executable, "-m"]
    with subprocess.Popen(
        [*here, "e2e.provider"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as provider:
        assert provider.stdout is not None
        base_url = json.loads(provider.stdout.readline())["base_url"]
        results = []
        for rate in rates:
            for candidate in CANDIDATES:
                if candidate != "chosen" and importlib.util.find_spec("pydantic_ai") is None:
                    results.append({"candidate": candidate, "missing": "pydantic-ai-slim[openai]"})
                    continue
                asked = ["--only", candidate, "--base-url", base_url, "--rates", str(rate)]
                child = subprocess.run(
                    [*here, "e2e.bench.model_path", *asked, "--tokens", str(tokens)],
                    check=True,
                    stdout=subprocess.PIPE,
                    timeout=60 + 2 * tokens / rate,
                )
                results.append({"tokens_per_s": rate, **json.loads(child.stdout)})
        assert provider.stdin is not None
        provider.stdin.close()
    return {"tokens": tokens, "limits": BUDGET, "results": results}


if __name__ == "__main__":
    main()
