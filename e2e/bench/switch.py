"""Thread switch in mid-stream: click → all text known to this browser painted, and → live again.

    python -m e2e.bench.switch [--rounds 40] [--reloads 12]

From memory (both threads were open in this tab) and from IndexedDB (the page was reloaded in the
other thread, so the first click finds the text in the store only). Beside it, in the same browser,
the bare cost of the pixels: the same markup put into an empty page and painted.
"""

import argparse
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from e2e.api import Api
from e2e.bench.stage import (
    Asked,
    Figures,
    ask,
    chromium,
    filled_thread,
    pacing_provider,
    report,
    serving,
    spread,
)
from e2e.page import Chat
from e2e.static_site import serve

IN_PAGE = Path(__file__).with_name("in_page.js")
REACH_MS = {"memory p95": 50, "indexeddb p95": 100, "live p95": 100}
STREAM_TOKENS = 20_000
"""At 50 a second: longer than the script takes."""
PUT = """async (html) => {
  const main = document.querySelector('main');
  main.innerHTML = '';
  await new Promise(requestAnimationFrame);
  const began = performance.now();
  main.innerHTML = html;
  return await new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - began);
    channel.port2.postMessage(null);
  }));
}"""


async def measure(rounds: int, reloads: int) -> Figures:
    with pacing_provider() as model:
        async with serving(model) as (server, api), chromium() as starter:
            quiet = await _quiet(api)
            streaming = await _streaming(api)
            async with starter.running() as browser:
                chat = Chat(await browser.new_page(), server.url)
                await chat.page.add_init_script(path=IN_PAGE)
                await chat.open(quiet.thread)
                memory, live = await _from_memory(chat, quiet, streaming, rounds)
                stored = await _from_store(chat, quiet, streaming, reloads)
                html = await chat.main.inner_html()
                bare = await _bare(browser, html, rounds)
    return {
        "what": "ms from click to painted",
        "memory": spread(memory),
        "live after": spread(live),
        "indexeddb": spread(stored),
        "bare markup": spread(bare),
        "reach": REACH_MS,
    }


async def _quiet(api: Api) -> Asked:
    thread = await filled_thread(api, turns=10, tokens=200)
    question, reply = [message["id"] for message in (await api.messages(thread))[-2:]]
    return Asked(thread, question, reply)


async def _streaming(api: Api) -> Asked:
    thread = await filled_thread(api, turns=10, tokens=200)
    return await ask(api, "Go on", model=f"auto-50-{STREAM_TOKENS}", thread=thread)


async def _from_memory(
    chat: Chat, quiet: Asked, streaming: Asked, rounds: int
) -> tuple[list[float], list[float]]:
    await chat.switch_to(streaming.thread)
    await chat.expect_status(streaming.reply, "streaming")
    shown, live = [], []
    for _ in range(rounds):
        known = await _chars(chat.page, streaming)
        shown.append((await _switch(chat.page, quiet, known=1))["shown"])
        took = await _switch(chat.page, streaming, known=known, grows=True)
        shown.append(took["shown"])
        live.append(took["live"])
    return shown, live


async def _from_store(chat: Chat, quiet: Asked, streaming: Asked, reloads: int) -> list[float]:
    shown = []
    for _ in range(reloads):
        known = await _chars(chat.page, streaming)
        await _switch(chat.page, quiet, known=1)
        await chat.reload()
        await chat.expect_status(quiet.reply, "complete")
        shown.append((await _switch(chat.page, streaming, known=known))["shown"])
    return shown


async def _bare(browser: Browser, html: str, rounds: int) -> list[float]:
    with serve({"/": "<!doctype html><title>bare</title><main></main>"}) as origin:
        page = await browser.new_page()
        await page.goto(origin)
        return [await page.evaluate(PUT, html) for _ in range(rounds)]


async def _chars(page: Page, asked: Asked) -> int:
    return await page.evaluate("(message) => window.__chars(message)", asked.reply)


async def _switch(page: Page, to: Asked, *, known: int, grows: bool = False) -> dict[str, Any]:
    return await page.evaluate(
        "([thread, message, known, grows]) => window.__switchTo(thread, message, known, grows)",
        [to.thread, to.reply, known, grows],
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--reloads", type=int, default=12)
    given = options.parse_args()
    report(lambda: measure(given.rounds, given.reloads))


if __name__ == "__main__":
    main()
