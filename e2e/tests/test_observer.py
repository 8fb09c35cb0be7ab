"""The observer in a real browser, on small pages of our own: it must see what a reader would.

A page here may do one thing to its thread; the observer goes red on the thing and stays green on
its legal neighbour. (`test_verdict.py` has every rule; here it is that the looks are taken.)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from e2e.observer import Observer
from e2e.static_site import serve
from e2e.until import until

PAGE = """<!doctype html><html data-app="ready" data-sync="live" data-leader="true">
<link rel="icon" href="data:,"><title>static</title>
<main data-thread-id="A"><article data-message-id="m1" data-role="assistant"
 data-status="streaming"><div data-part="text" data-part-id="p1" data-chars="17"
>t0001 t0002 t0003</div></article></main></html>"""

HELPERS = """
const main = document.querySelector('main');
const article = main.querySelector('article');
const part = main.querySelector('[data-part]');
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const loaded = (tag, src) => new Promise((done) => {
  const element = document.createElement(tag);
  element.onerror = element.onload = done;
  element.src = src;
  document.head.append(element);
});
"""

MORE = "part.dataset.chars = 23; part.append(' t0004'); await frame()"


@asynccontextmanager
async def observed(browser: Browser, html: str = PAGE) -> AsyncIterator[tuple[Page, Observer]]:
    with serve({"/": html}) as origin:
        observer = Observer(origin)
        context = await browser.new_context()
        try:
            await observer.attach(context)
            page = await context.new_page()
            await page.goto(f"{origin}/")
            yield page, observer
        finally:
            await context.close()


async def do(page: Page, deed: str) -> None:
    await page.evaluate("async () => {" + HELPERS + deed + "}")


async def found(observer: Observer, piece: str) -> bool:
    """Wait until the observer has a finding with this piece; the browser reports a moment later."""

    async def looked() -> bool:
        return any(piece in finding for finding in observer.findings())

    return await until(looked, what=f"a finding with {piece!r}", bound_s=10)


BAD = {
    "data-chars of part p1 fell from 17 to 5": "part.dataset.chars = 5; part.textContent = 't0001'",
    "thread A went blank": "main.replaceChildren()",
    "main vanished": "main.remove()",
    "part p1 vanished from message m1": "part.remove()",
    "message m1 stands twice": "main.append(article.cloneNode(true))",
    "part p1 stands twice": "article.append(part.cloneNode(true))",
    "outside its parts": "main.append('They said: t0001 t0002 t0003')",
    "readable characters and now 0": "part.textContent = 't0001 t0002 t0003 t4'; "
    "await frame(); part.textContent = ''",
    "shown in B": "main.dataset.threadId = 'B'",
    "lacks data-role": "delete article.dataset.role",
    "content policy: img-src": "await loaded('img', 'http://127.0.0.1:9/pixel.png')",
    "content policy: script-src": "const s = document.createElement('script'); "
    "s.textContent = '1'; main.append(s)",
    "uncaught in the page": "setTimeout(() => { throw new Error('lost') })",
    "console error: broken": "console.error('broken')",
}


@pytest.mark.parametrize(("finding", "deed"), BAD.items(), ids=BAD.keys())
async def test_the_observer_goes_red_on_a_page_that(
    browser: Browser, finding: str, deed: str
) -> None:
    async with observed(browser) as (page, observer):
        await do(page, deed)
        assert await found(observer, finding)


async def test_a_view_blank_between_two_tasks_only_is_seen(browser: Browser) -> None:
    async with observed(browser) as (page, observer):
        await do(page, "main.replaceChildren(); await frame(); main.append(article)")
        assert await found(observer, "thread A went blank")


async def test_a_view_replaced_within_one_task_is_never_painted_and_no_finding(
    browser: Browser,
) -> None:
    async with observed(browser) as (page, observer):
        await do(page, "main.replaceChildren(); main.append(article); await frame();" + MORE)
        await until(lambda: _true(observer.growths == 1), what="the growth", bound_s=10)
        assert observer.findings() == ()


async def test_a_page_that_does_nothing_is_seen_to_grow_nothing(browser: Browser) -> None:
    async with observed(browser) as (page, observer):
        await do(page, "await frame(); await frame()")
        assert observer.growths == 0
        assert "text:17" in observer.last_looks()


async def test_what_was_on_screen_outlives_the_document_that_showed_it(browser: Browser) -> None:
    async with observed(browser) as (page, observer):
        await do(page, MORE)
        await page.reload()
        assert await found(observer, "had shown 23 characters and is live with 17")


async def test_a_request_to_another_origin_is_seen_though_the_policy_lets_it_pass(
    browser: Browser,
) -> None:
    with serve({"/": "<!doctype html><link rel=icon href='data:,'>elsewhere"}) as other:
        async with observed(browser) as (page, observer):
            await page.goto(f"{other}/")
            assert await found(observer, f"request to another origin: {other}/")


async def test_what_a_story_tolerates_is_no_finding(browser: Browser) -> None:
    async with observed(browser) as (page, observer):
        observer.tolerate("broken")
        await page.evaluate("() => { console.error('broken'); console.error('worse') }")
        assert await found(observer, "worse")
        assert len(observer.findings()) == 1


async def _true(claim: bool) -> bool:
    return claim
