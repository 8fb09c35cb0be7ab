"""static/js/follow.js: the view goes with the stream only while the reader is at its end."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

GROW = """async ([count, above]) => {
  globalThis.follow ??= await import("/js/follow.js");
  globalThis.made ??= 0;
  const thread = document.getElementById("thread");
  const articles = Array.from({ length: count }, () => {
    const article = document.createElement("article");
    article.dataset.messageId = `m${made++}`;
    article.textContent = "a line";
    return article;
  });
  const place = above && JSON.parse(follow.place());
  thread[above ? "prepend" : "append"](...articles);
  if (place) follow.goTo(place.message, place.top);
  return seen();
}"""
SEEN = """async () => {
  globalThis.seen = async () => {
    await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    const scroller = document.getElementById("scroller");
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    const middle = (element) => element.getBoundingClientRect().top - innerHeight / 2;
    const [at] = [...scroller.querySelectorAll("article")].filter((one) => middle(one) > 0);
    return { top: scrollTop, left: scrollHeight - scrollTop - clientHeight,
      at: at?.dataset.messageId, atTop: at && middle(at) };
  };
}"""


async def grown(page: Page, count: int, above: bool = False) -> dict:
    return await page.evaluate(GROW, [count, above])


async def scrolled(page: Page, to: int) -> dict:
    return await page.evaluate(
        "(to) => { document.getElementById('scroller').scrollTop = to; return seen(); }", to
    )


async def opened(page: Page) -> Page:
    await page.evaluate(SEEN)
    await grown(page, 0)
    return page


async def test_at_the_end_the_view_follows(still: Page) -> None:
    page = await opened(still)
    assert (await grown(page, 200))["left"] < 1
    assert (await grown(page, 5))["left"] < 1


async def test_elsewhere_the_view_stays_where_it_is(still: Page) -> None:
    page = await opened(still)
    await grown(page, 200)
    await scrolled(page, 300)
    assert (await grown(page, 50))["top"] == 300


async def test_back_at_the_end_the_view_follows_again(still: Page) -> None:
    page = await opened(still)
    await grown(page, 200)
    await scrolled(page, 300)
    await scrolled(page, 1_000_000)
    assert (await grown(page, 5))["left"] < 1


async def test_a_reader_who_scrolls_up_a_little_is_let_go(still: Page) -> None:
    page = await opened(still)
    at = (await grown(page, 200))["top"]
    await scrolled(page, at - 5)
    assert (await grown(page, 5))["top"] == at - 5


async def test_the_end_is_kept_when_the_browser_itself_moves_the_view(still: Page) -> None:
    """It does where something grows: it holds in place what it takes to be read."""
    page = await opened(still)
    await grown(page, 100)
    await page.evaluate("""() => {
      const scroller = document.getElementById("scroller");
      const more = document.createElement("p");
      more.textContent = "a long line that was not here before ".repeat(40);
      document.getElementById("thread").append(more);
      scroller.scrollTop += 20;
    }""")
    assert (await page.evaluate("() => seen()"))["left"] < 1
    assert (await grown(page, 5))["left"] < 1


@pytest.mark.parametrize("anchoring", ["auto", "none"])
@pytest.mark.parametrize("at", [0, 700])
async def test_what_comes_in_above_does_not_move_what_is_read(
    still: Page, anchoring: str, at: int
) -> None:
    page = await opened(still)
    await page.evaluate(
        "(how) => (document.getElementById('scroller').style.overflowAnchor = how)", anchoring
    )
    await grown(page, 100)
    before = await scrolled(page, at)
    after = await grown(page, 40, above=True)
    assert (after["at"], after["atTop"]) == (before["at"], pytest.approx(before["atTop"], abs=1))


async def test_a_reader_at_the_end_stays_there_whatever_comes_in_above(still: Page) -> None:
    page = await opened(still)
    await grown(page, 100)
    assert (await grown(page, 40, above=True))["left"] < 1


async def test_a_banner_that_comes_and_goes_does_not_move_what_is_read(still: Page) -> None:
    page = await opened(still)
    await grown(page, 100)
    before = await scrolled(page, 700)
    for text in ("No connection.", ""):
        await page.evaluate(
            """(text) => {
              const line = document.createElement("p");
              line.textContent = text;
              document.getElementById("banner").replaceChildren(...(text ? [line] : []));
            }""",
            text,
        )
        after = await page.evaluate("() => seen()")
        assert after["at"] == before["at"]
        assert after["atTop"] == pytest.approx(before["atTop"], abs=1)


async def test_a_place_is_found_again_whatever_is_above_it_now(still: Page) -> None:
    page = await opened(still)
    await grown(page, 100)
    before = await scrolled(page, 555)
    place = await page.evaluate("() => JSON.parse(follow.place())")
    await page.evaluate("() => follow.toEnd()")
    await grown(page, 30, above=True)
    await page.evaluate("({ message, top }) => follow.goTo(message, top)", place)
    after = await page.evaluate("() => seen()")
    assert (after["at"], after["atTop"]) == (before["at"], pytest.approx(before["atTop"], abs=1))
    assert (await grown(page, 5))["top"] == after["top"]


async def test_the_place_at_the_end_is_the_end_and_so_is_one_that_is_gone(still: Page) -> None:
    page = await opened(still)
    await grown(page, 100)
    assert await page.evaluate("() => follow.place()") == "null"
    await scrolled(page, 100)
    await page.evaluate("() => follow.goTo('gone', 0)")
    assert (await page.evaluate("() => seen()"))["left"] < 1


async def test_what_the_reader_unfolds_does_not_scroll_away(still: Page) -> None:
    page = await opened(still)
    await grown(page, 100)
    at = (await page.evaluate("() => seen()"))["top"]
    await page.evaluate("""() => {
      const details = document.createElement("details");
      details.append(document.createElement("summary"));
      document.querySelector("article:nth-last-child(3)").append(details);
      details.firstChild.click();
    }""")
    assert (await grown(page, 5))["top"] == pytest.approx(at, abs=60)
