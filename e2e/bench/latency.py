"""Token emitted by the model → painted, at 50 and at 1,000 tokens a second, durable first.

    python -m e2e.bench.latency [--rates 50 1000] [--seconds 10]

The provider puts its clock into tokens; the page's clock is the same machine's. A token counts as
painted when the frame that holds it has been. At the fast rate also what 5,000 tokens cost the
page: main thread busy, longest task, frames. Beside each figure its limit in the same browser: a
bare page that appends what it reads of the same stream, no server of ours between.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from e2e.api import Api
from e2e.bench import stamped
from e2e.bench.stage import Figures, ask, chromium, pacing_provider, report, serving, spread
from e2e.page import Chat
from e2e.server import Server
from e2e.static_site import serve

IN_PAGE = Path(__file__).with_name("in_page.js")
REACH = {
    "50/s": {"p50": 25, "p99": 60},
    "1000/s": {"p50": 45, "p99": 120, "main thread busy_s": 2.0, "longest task": 100, "frames": 34},
}
BARE = """<!doctype html><html data-app="ready"><title>bare</title>
<link rel="icon" href="data:,"><main><div data-part="text"></div></main>
<script src="/bare.js"></script></html>"""
BARE_JS = """(async () => {
  const text = document.querySelector('div');
  const reader = (await fetch('/tokens')).body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read; !(read = await reader.read()).done; ) {
    const line = text.appendChild(document.createElement('div'));
    line.textContent = read.value;
  }
  document.querySelector('main').dataset.ended = 'true';
})()"""


async def measure(rates: list[int], seconds: int) -> Figures:
    found: Figures = {"what": "ms from emitted to painted", "reach": REACH}
    with pacing_provider(stamped=True) as model:
        async with serving(model) as (server, api), chromium() as starter:
            for rate in rates:
                tokens = 5_000 if rate >= 1_000 else rate * seconds
                async with starter.running() as browser:
                    app = await _app(browser, server, api, rate, tokens)
                async with starter.running() as browser:
                    bare = await _bare(browser, rate, tokens)
                found[f"{rate}/s"] = {"app": app, "bare page": bare}
    return found


async def _app(browser: Browser, server: Server, api: Api, rate: int, tokens: int) -> Figures:
    chat = Chat(await browser.new_page(), server.url)
    await chat.page.add_init_script(path=IN_PAGE)
    first = await ask(api, "Warm up", model=f"auto-{rate}-50")
    await chat.open(first.thread)
    await chat.expect_status(first.reply, "complete")
    clock = await BusyClock.of(chat.page)
    asked = await ask(api, "Go", model=f"auto-{rate}-{tokens}", thread=first.thread)
    selector = f'article[data-message-id="{asked.reply}"] [data-part="text"]'
    await chat.page.evaluate("(selector) => window.__watchTokens(selector)", selector)
    return await _figures(chat.page, clock, rate, tokens)


async def _bare(browser: Browser, rate: int, tokens: int) -> Figures:
    streams = {"/tokens": lambda: _paced(tokens, rate)}
    with serve({"/": BARE, "/bare.js": BARE_JS}, streams=streams) as origin:
        page = await browser.new_page()
        await page.add_init_script(path=IN_PAGE)
        clock = await BusyClock.of(page)
        await page.goto(origin)
        await page.evaluate("() => window.__watchTokens('[data-part]')")
        return await _figures(page, clock, rate, tokens)


def _paced(tokens: int, rate: int) -> Iterator[bytes]:
    began = time.perf_counter()
    for number in range(tokens):
        ahead = began + number / rate - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        yield stamped.token(number, rate).encode()


async def _figures(page: Page, clock: "BusyClock", rate: int, tokens: int) -> Figures:
    """Wait until every token has been painted, then sum up."""
    wanted = list(range(0, tokens, stamped.every(rate)))
    log: dict[str, Any] = await page.evaluate(
        """async (stamped) => {
          const log = window.__tokens;
          while (log.seen.length < stamped) await new Promise(requestAnimationFrame);
          return log;
        }""",
        len(wanted),
    )
    assert [number for number, _ in log["seen"]] == wanted, "a token was lost or repeated"
    return {
        "latency": spread([took for _, took in log["seen"]]),
        "frames": spread(log["frames"]),
        "long tasks": spread(log["longTasks"]),
        "main thread busy_s": round(await clock.busy_s(), 2),
    }


class BusyClock:
    """How long the page's main thread has worked, as Chromium counts it."""

    def __init__(self, session: Any, began_s: float) -> None:
        self._session = session
        self._began_s = began_s

    @classmethod
    async def of(cls, page: Page) -> "BusyClock":
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        clock = cls(session, 0.0)
        clock._began_s = await clock.busy_s()
        return clock

    async def busy_s(self) -> float:
        metrics = (await self._session.send("Performance.getMetrics"))["metrics"]
        tasks = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        return tasks - self._began_s


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rates", type=int, nargs="+", default=[50, 1_000])
    options.add_argument("--seconds", type=int, default=10)
    given = options.parse_args()
    report(lambda: measure(given.rates, given.seconds))


if __name__ == "__main__":
    main()
