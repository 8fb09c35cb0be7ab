"""static/js/locks.js: one holder among the tabs of a browser, and text between them."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from .conftest import Complaints
from .site_server import SiteServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASK = """async (steal) => {
  const { request } = await import("/js/locks.js");
  globalThis.told = [];
  globalThis.lock = request("leader", steal, () => told.push("held"), () => told.push("lost"));
}"""
TOLD = """(count) => new Promise((done) => {
  const look = () => (told.length >= count ? done(told) : setTimeout(look, 5));
  look();
})"""


async def second_tab(page: Page, site: SiteServer, complaints: Complaints) -> Page:
    other = await page.context.new_page()
    complaints.watch(other, site.url)
    await other.goto("/blank")
    return other


async def test_the_next_in_line_holds_the_lock_once_it_is_released(
    blank: Page, site: SiteServer, complaints: Complaints
) -> None:
    other = await second_tab(blank, site, complaints)
    await blank.evaluate(ASK, False)
    assert await blank.evaluate(TOLD, 1) == ["held"]
    await other.evaluate(ASK, False)
    assert await other.evaluate("() => told") == []
    await blank.evaluate("() => lock.release()")
    assert await other.evaluate(TOLD, 1) == ["held"]
    assert await blank.evaluate("() => told") == ["held"]


async def test_closing_the_holders_tab_passes_the_lock_on(
    blank: Page, site: SiteServer, complaints: Complaints
) -> None:
    other = await second_tab(blank, site, complaints)
    await other.evaluate(ASK, False)
    await other.evaluate(TOLD, 1)
    await blank.evaluate(ASK, False)
    await other.close()
    assert await blank.evaluate(TOLD, 1) == ["held"]


async def test_a_stolen_lock_is_lost_and_the_holder_is_told(
    blank: Page, site: SiteServer, complaints: Complaints
) -> None:
    other = await second_tab(blank, site, complaints)
    await blank.evaluate(ASK, False)
    await blank.evaluate(TOLD, 1)
    await other.evaluate(ASK, True)
    assert await other.evaluate(TOLD, 1) == ["held"]
    assert await blank.evaluate(TOLD, 2) == ["held", "lost"]


async def test_one_that_left_the_line_never_holds(
    blank: Page, site: SiteServer, complaints: Complaints
) -> None:
    other = await second_tab(blank, site, complaints)
    await blank.evaluate(ASK, False)
    await blank.evaluate(TOLD, 1)
    await other.evaluate(ASK, False)
    await other.evaluate("() => lock.release()")
    await blank.evaluate("() => lock.release()")
    await blank.evaluate(ASK, False)
    assert await blank.evaluate(TOLD, 1) == ["held"]
    assert await other.evaluate("() => told") == []


async def test_L24_a_channel_passes_text_to_other_tabs_and_ignores_all_else(
    blank: Page, site: SiteServer, complaints: Complaints
) -> None:
    listen = """async () => {
      const { channel } = await import("/js/locks.js");
      globalThis.told = [];
      globalThis.tabs = channel("news", (text) => told.push(text));
    }"""
    other = await second_tab(blank, site, complaints)
    await blank.evaluate(listen)
    await other.evaluate(listen)
    await blank.evaluate(
        "() => { new BroadcastChannel('news').postMessage({evil: 1}); tabs.post('hello'); }"
    )
    assert await other.evaluate(TOLD, 1) == ["hello"]
    assert await blank.evaluate("() => told") == []
