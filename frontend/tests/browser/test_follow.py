"""static/js/follow.js: the view goes with the stream only while the reader is at its end."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

GROW = """async (lines) => {
  await import("/js/follow.js");
  for (let line = 0; line < lines; line++) {
    const row = document.createElement("p");
    row.textContent = "a line";
    document.getElementById("thread").append(row);
  }
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  const { scrollTop, scrollHeight, clientHeight } = document.getElementById("scroller");
  return { top: scrollTop, left: scrollHeight - scrollTop - clientHeight };
}"""


async def opened(page: Page) -> Page:
    await page.goto("/")
    await page.wait_for_selector("html[data-app=ready]", state="attached")
    return page


async def test_at_the_end_the_view_follows(page: Page) -> None:
    await opened(page)
    assert (await page.evaluate(GROW, 200))["left"] < 1
    assert (await page.evaluate(GROW, 5))["left"] < 1


async def test_elsewhere_the_view_stays_where_it_is(page: Page) -> None:
    await opened(page)
    await page.evaluate(GROW, 200)
    await page.evaluate("() => (document.getElementById('scroller').scrollTop = 300)")
    assert (await page.evaluate(GROW, 0))["top"] == 300
    assert (await page.evaluate(GROW, 50))["top"] == 300
