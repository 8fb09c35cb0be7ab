"""The page under a finger and under a keyboard: everything can be reached, seen and hit."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from .conftest import Complaints, Python
from .site_server import SiteServer
from .stage import STAGE

pytestmark = pytest.mark.asyncio(loop_scope="session")

TARGET_PX = 40
FURNISH = """
paint(furnished(waits=WAITS))
for details in document.querySelectorAll("details"):
    details.open = True
None
"""
TARGETS = """() => [...document.querySelectorAll("a, button, summary, select, textarea")]
  .filter((e) => e.checkVisibility() && !e.classList.contains("outside"))
  .map((e) => {
    const { width, height } = e.getBoundingClientRect();
    return { name: e.textContent.trim().slice(0, 30) || e.ariaLabel, width, height };
  })"""
FOCUSED = """() => {
  const e = document.activeElement;
  if (e === document.body) return null;
  const ring = (one) => one !== null && getComputedStyle(one).outlineStyle !== "none";
  const { top, bottom } = e.getBoundingClientRect();
  return {
    name: e.id || e.dataset.threadId || e.textContent.trim().slice(0, 30) || e.className,
    message: e.closest("article")?.dataset.messageId,
    ring: ring(e) || ring(e.closest(".field")),
    inView: bottom > 0 && top < innerHeight,
  };
}"""


async def opened(
    chromium: Browser, site: SiteServer, complaints: Complaints, **how: object
) -> AsyncIterator[Python]:
    context = await chromium.new_context(base_url=site.url, **how)
    page = await context.new_page()
    complaints.watch(page, site.url)
    await page.goto("/python")
    await page.wait_for_selector("html[data-app=ready]", state="attached")
    python = Python(page)
    yield python
    await context.close()
    assert complaints == []


async def furnish(python: Python, *, waits: bool = False) -> None:
    """Paint the thread in which everything is that can be pressed."""
    await python.run(STAGE + FURNISH.replace("WAITS", str(waits)))


@pytest_asyncio.fixture(loop_scope="session")
async def phone(
    chromium: Browser, site: SiteServer, complaints: Complaints
) -> AsyncIterator[Python]:
    size = {"width": 390, "height": 844}
    how = {"viewport": size, "has_touch": True, "is_mobile": True}
    async for python in opened(chromium, site, complaints, **how):
        yield python


@pytest_asyncio.fixture(loop_scope="session")
async def desk(
    chromium: Browser, site: SiteServer, complaints: Complaints
) -> AsyncIterator[Python]:
    size = {"width": 1200, "height": 800}
    async for python in opened(chromium, site, complaints, viewport=size):
        yield python


@pytest.mark.parametrize(("waits", "offered"), [(False, "Stop"), (True, "Answer now")])
async def test_a_finger_hits_everything_that_can_be_pressed(
    phone: Python, waits: bool, offered: str
) -> None:
    page = phone.page
    await furnish(phone, waits=waits)
    in_thread = await page.evaluate(TARGETS)
    await page.get_by_role("button", name="Show threads").tap()
    in_drawer = await page.evaluate(TARGETS)
    names = {target["name"] for target in in_thread}
    assert {"Send", "Delete", "Try now", "Edit", "Discard", "Ask again", "Skip"} <= names
    assert offered in names
    assert {"New thread"} <= {target["name"] for target in in_drawer}
    small = [
        target
        for target in (*in_thread, *in_drawer)
        if min(target["width"], target["height"]) < TARGET_PX
    ]
    assert small == []


async def test_a_phone_never_scrolls_sideways(phone: Python) -> None:
    await furnish(phone, waits=True)
    wide = "(id) => { const e = document.querySelector(id); return e.scrollWidth - e.clientWidth; }"
    for part in ("html", "#scroller", "#composer", "#bar"):
        assert await phone.page.evaluate(wide, part) <= 0, part


async def test_choosing_the_open_thread_closes_the_drawer_too(phone: Python) -> None:
    page = phone.page
    await furnish(phone)
    await page.evaluate("() => (location.hash = '#/t/a')")
    await page.get_by_role("button", name="Show threads").tap()
    await page.locator("nav a[data-thread-id=a]").tap()
    await page.wait_for_selector("nav", state="hidden")


@pytest.mark.parametrize(
    ("waits", "offered", "stop"), [(False, [], ["stop"]), (True, ["Answer now"], [])]
)
async def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    desk: Python, waits: bool, offered: list[str], stop: list[str]
) -> None:
    page, reached = desk.page, []
    await furnish(desk, waits=waits)
    await page.locator("#new-thread").focus()
    while (focused := await page.evaluate(FOCUSED)) not in (None, *reached):
        reached.append(focused)
        await page.keyboard.press("Tab")
    names = [one["name"] for one in reached]
    order = ["new-thread", "a", "b", "c", "Delete", "Dismiss", "Show earlier messages"]
    order += ["this", "Ask again", *offered, "Skip", "Try now", "Discard", "Edit", "Discard"]
    order += ["message", *stop, "send"]
    assert [name for name in names if name in order] == order
    assert [one for one in reached if not (one["ring"] and one["inView"])] == []
