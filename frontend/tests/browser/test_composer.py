"""static/js/composer.js: nothing typed or sent is lost or sent twice, before or after Python."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONNECT = """() => {
  globalThis.heard = [];
  holdfastComposer.connect((kind, json) => heard.push([kind, JSON.parse(json)]));
}"""
SENDS = "() => heard.filter(([kind]) => kind === 'send').map(([, send]) => send)"


@pytest_asyncio.fixture(loop_scope="session")
async def still(page: Page) -> Page:
    """The real page, in which Python never starts."""

    async def nothing(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body="")

    await page.route("**/js/boot.js", nothing)
    await page.goto("/#/t/7")
    return page


async def send(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("textbox", name="Message").press("Enter")


async def test_sends_before_python_are_handed_over_in_order_and_once(still: Page) -> None:
    await send(still, "one")
    await still.get_by_role("textbox", name="Message").fill("two")
    await still.get_by_role("button", name="Send").click()
    await still.evaluate(CONNECT)
    await send(still, "three")
    sends = await still.evaluate(SENDS)
    assert [item["text"] for item in sends] == ["one", "two", "three"]
    assert {item["address"] for item in sends} == {"#/t/7"}
    assert len({item["id"] for item in sends}) == 3


async def test_L23_a_send_not_taken_comes_again_after_a_reload_with_the_same_id(
    still: Page,
) -> None:
    await send(still, "kept")
    await send(still, "taken")
    await still.evaluate(CONNECT)
    kept, taken = await still.evaluate(SENDS)
    await still.evaluate("(id) => holdfastComposer.taken(id)", taken["id"])
    await still.get_by_role("textbox", name="Message").fill("half a thought")
    await still.reload()
    assert await still.get_by_role("textbox", name="Message").input_value() == "half a thought"
    await still.evaluate(CONNECT)
    assert await still.evaluate(SENDS) == [kept]


async def test_sending_the_same_text_twice_is_two_sends(still: Page) -> None:
    await still.evaluate(CONNECT)
    await send(still, "continue")
    await send(still, "continue")
    first, second = await still.evaluate(SENDS)
    assert first["id"] != second["id"]


async def test_shift_enter_breaks_the_line_and_blank_text_is_not_sent(still: Page) -> None:
    await still.evaluate(CONNECT)
    box = still.get_by_role("textbox", name="Message")
    await box.press("Shift+Enter")
    await box.press("Enter")
    assert await still.evaluate(SENDS) == []
    assert await box.input_value() == "\n"


async def test_a_stored_draft_does_not_replace_what_is_being_typed(still: Page) -> None:
    box = still.get_by_role("textbox", name="Message")
    await still.evaluate("() => holdfastComposer.restore('stored')")
    assert await box.input_value() == "stored"
    await box.fill("typed")
    await still.evaluate("() => holdfastComposer.restore('stored')")
    assert await box.input_value() == "typed"


async def test_stop_and_new_thread_are_heard(still: Page) -> None:
    await still.evaluate(CONNECT)
    stop = still.get_by_role("button", name="Stop")
    assert not await stop.is_visible()
    await still.evaluate("() => holdfastComposer.setRunning(true)")
    await stop.click()
    await still.get_by_role("button", name="New thread").click()
    assert [kind for kind, _ in await still.evaluate("() => heard")] == ["stop", "new"]
    assert still.url.endswith("#/")


async def test_on_a_phone_the_threads_are_a_drawer(still: Page) -> None:
    await still.set_viewport_size({"width": 390, "height": 800})
    threads = still.get_by_role("navigation", name="Threads")
    assert not await threads.is_visible()
    await still.get_by_role("button", name="Show threads").click()
    assert await threads.is_visible()
    await still.keyboard.press("Escape")
    assert not await threads.is_visible()
