"""What the scripts that measure share: a provider as a process of its own, a real server on it,
Chromium, and how figures are summed up. Nothing here is observed: observing costs time.
"""

import asyncio
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Playwright, async_playwright

from e2e import browser as browsers
from e2e.api import Api, new_id
from e2e.server import Server

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
Figures = dict[str, Any]


@contextmanager
def pacing_provider(*, stamped: bool = False) -> Iterator[str]:
    """Run the provider beside us; it answers a model `auto-<rate>-<tokens>` by itself."""
    with provider_process("e2e.bench.stamped" if stamped else "e2e.provider") as (base_url, _):
        yield base_url


@contextmanager
def provider_process(module: str) -> Iterator[tuple[str, int]]:
    """Run a provider beside us; give its address and its process."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as provider:
        assert provider.stdin is not None
        assert provider.stdout is not None
        yield json.loads(provider.stdout.readline())["base_url"], provider.pid
        provider.stdin.close()


@asynccontextmanager
async def serving(
    model_url: str | None, program: Sequence[str] = ()
) -> AsyncIterator[tuple[Server, Api]]:
    """Run a server on an empty folder; it is ended and its folder removed afterwards."""
    server = Server(model_url=model_url, program=list(program))
    try:
        await server.start()
        api = await Api(server.url).begin()
        yield server, api
        await api.aclose()
    except BaseException:
        print(server.tail(), file=sys.stderr)
        raise
    finally:
        await server.dispose()


@dataclass(frozen=True, slots=True)
class Chromium:
    playwright: Playwright
    program: browsers.Chromium

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Browser]:
        browser = await self.program.launch(self.playwright)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Chromium]:
    async with async_playwright() as playwright:
        yield Chromium(playwright, browsers.find(playwright.chromium.executable_path))


@dataclass(frozen=True, slots=True)
class Asked:
    thread: str
    question: str
    reply: str


async def ask(api: Api, text: str, *, model: str | None = None, thread: str | None = None) -> Asked:
    """Send a question as another browser would; return at once."""
    asked = Asked(thread or new_id(), new_id(), new_id())
    await api.send(asked.thread, asked.question, asked.reply, text, model=model)
    return asked


async def filled_thread(api: Api, *, turns: int, tokens: int) -> str:
    """Make a thread of `turns` finished exchanges; return its id."""
    thread = new_id()
    for turn in range(turns):
        asked = await ask(api, f"Question {turn}", model=f"auto-5000-{tokens}", thread=thread)
        await api.until_status(thread, asked.reply, "complete")
    return thread


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> Figures:
    """Sum up milliseconds: p50, p95, p99, worst, and how many there were."""
    if not values:
        return {"n": 0}
    marks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {
        **{name: round(percentile(values, share), 1) for name, share in marks.items()},
        "n": len(values),
    }


def cpu_s(process: int) -> float:
    """Return the processor seconds that a process's threads have used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def report(measure: Callable[[], Awaitable[Figures]]) -> None:
    """Run one measurement and print its JSON object. SIGTERM ends all that it started, too."""

    async def run() -> Figures:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
        return await measure()

    print(json.dumps(asyncio.run(run()), indent=1), flush=True)
