"""First paint, typing possible, app ready: cold (new profile), warm (new browser process on that
profile) and on reload, beside a bare static page with one text field in the same browser.

    python -m e2e.bench.page [--rounds 7]

The account has 30 threads and 40 messages in the thread that opens. `ready` is when the app said
so, `click_handled` when a click on a thread had changed the view.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import BrowserContext, Page

from e2e.bench.stage import (
    Chromium,
    Figures,
    ask,
    chromium,
    filled_thread,
    pacing_provider,
    report,
    serving,
)
from e2e.static_site import serve

IN_PAGE = Path(__file__).with_name("in_page.js")
REACH_MS = {
    "first_paint cold": 200,
    "typing cold": 200,
    "click_handled cold": 1800,
    "click_handled warm": 1800,
    "click_handled reload": 800,
}
"""The last three before the fast start exists; with it 900, 650 and 400."""

KEYS_MAX = 3_000
"""One key every few milliseconds: some half a minute."""

BARE = """<!doctype html><html data-app="booting"><title>bare</title><link rel="icon" href="data:,">
<nav><a href="#a" data-thread-id="a">a</a></nav><main data-thread-id=""><textarea
aria-label="Message"></textarea></main><script src="bare.js"></script></html>"""
BARE_JS = """document.querySelector('nav a').addEventListener('click', () => {
  document.querySelector('main').dataset.threadId = 'a'; });
document.documentElement.dataset.app = 'ready';"""
MARKS = {"ready": "ready", "clicked": "click_handled", "typed": "typing", "paint": "first_paint"}


async def measure(rounds: int) -> Figures:
    with pacing_provider() as model, serve({"/": BARE, "/bare.js": BARE_JS}) as bare:
        async with serving(model) as (server, api), chromium() as starter:
            for number in range(29):
                asked = await ask(api, f"Thread {number}", model="auto-5000-20")
                await api.until_status(asked.thread, asked.reply, "complete")
            thread = await filled_thread(api, turns=20, tokens=200)
            address = f"{server.url}/#/t/{thread}"
            app, empty = defaultdict(list), defaultdict(list)
            for _ in range(rounds):
                await _round(starter, bare + "/", empty)
                await _round(starter, address, app)
    return {
        "what": "ms from navigation, medians",
        "rounds": rounds,
        "app": _medians(app),
        "bare page": _medians(empty),
        "reach": REACH_MS,
    }


async def _round(starter: Chromium, address: str, times: dict[str, list[float]]) -> None:
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-", ignore_cleanup_errors=True) as home:
        for start in ("cold", "warm"):
            context = await starter.program.launch_profile(starter.playwright, Path(home))
            try:
                page = await _prepared(context)
                await page.goto(address, wait_until="commit")
                await _take(page, start, times)
                if start == "warm":
                    await page.reload(wait_until="commit")
                    await _take(page, "reload", times)
            finally:
                await context.close()


async def _prepared(context: BrowserContext) -> Page:
    page = context.pages[0]
    await page.add_init_script("window.__clickWhenReady = true")
    await page.add_init_script(path=IN_PAGE)
    return page


async def _take(page: Page, start: str, times: dict[str, list[float]]) -> None:
    """Type until a key has arrived, then wait until the click was handled and painted."""
    for _ in range(KEYS_MAX):
        await page.keyboard.press("a")
        if await page.evaluate("() => Boolean(window.__marks?.typed)"):
            break
    marks: dict[str, Any] = await page.evaluate(
        """async () => {
          while (!window.__marks.clickPainted) await new Promise(requestAnimationFrame);
          const paint = performance.getEntriesByName('first-contentful-paint')[0];
          return { ...window.__marks, paint: paint?.startTime };
        }"""
    )
    for mark, name in MARKS.items():
        if marks.get(mark) is not None:
            times[f"{name} {start}"].append(marks[mark])


def _medians(times: dict[str, list[float]]) -> Figures:
    return {name: round(median(found), 1) for name, found in sorted(times.items())}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    report(lambda: measure(given.rounds))


if __name__ == "__main__":
    main()
