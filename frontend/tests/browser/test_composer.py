"""static/js/composer.js: nothing typed or sent is lost or sent twice, before or after Python."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from .conftest import Complaints
from .site_server import SiteServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONNECT = """() => {
  globalThis.heard = [];
  holdfastComposer.connect((kind, json) => heard.push([kind, JSON.parse(json)]));
}"""
SENDS = "() => heard.filter(([kind]) => kind === 'send').map(([, send]) => send)"


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


async def test_questions_before_python_from_the_empty_page_belong_to_one_thread(
    still: Page,
) -> None:
    await still.evaluate("() => (location.hash = '#/')")
    for text in ("one", "two"):
        await send(still, text)
    await still.reload()
    await send(still, "three")
    await still.get_by_role("button", name="New thread").click()
    for text in ("four", "five"):
        await send(still, text)
    await still.evaluate(CONNECT)
    for text in ("six", "seven"):
        await send(still, text)
    threads = [item["thread"] for item in await still.evaluate(SENDS)]
    assert threads[0] == threads[1] == threads[2]
    assert threads[3] == threads[4]
    assert len(set(threads)) == 4  # Python says where six and seven belong


async def test_a_question_from_a_thread_and_one_from_the_empty_page_stay_apart(
    still: Page,
) -> None:
    await send(still, "in seven")
    await still.evaluate("() => (location.hash = '#/')")
    await send(still, "new")
    await still.evaluate(CONNECT)
    seven, new = await still.evaluate(SENDS)
    assert (seven["address"], new["address"]) == ("#/t/7", "#/")
    assert seven["thread"] != new["thread"]


async def test_L24_what_was_kept_and_is_no_question_is_left_out(still: Page) -> None:
    await send(still, "kept")
    await still.evaluate("""() => {
      for (const [n, odd] of ["", "null", "7", '{"text": "no ids"}', "{"].entries()) {
        localStorage.setItem(`holdfast.send 0${n}`, odd);
      }
    }""")
    await still.reload()
    await still.evaluate(CONNECT)
    assert [item["text"] for item in await still.evaluate(SENDS)] == ["kept"]


async def test_L23_a_draft_stays_with_its_thread_and_survives_a_closed_tab(still: Page) -> None:
    box = still.get_by_role("textbox", name="Message")
    await box.fill("for seven")
    await still.evaluate("() => void (location.hash = '#/t/8')")
    await expect(box).to_have_value("")
    await box.fill("for eight")
    await still.evaluate("() => void (location.hash = '#/t/7')")
    await expect(box).to_have_value("for seven")
    other = await still.context.new_page()
    await other.route("**/js/boot.js", lambda route: route.fulfill(body=""))
    await still.close()
    await other.goto("/#/t/8")
    await expect(other.get_by_role("textbox", name="Message")).to_have_value("for eight")


async def test_L23_a_send_that_nobody_took_survives_a_closed_tab(still: Page) -> None:
    await send(still, "kept")
    other = await still.context.new_page()
    await other.route("**/js/boot.js", lambda route: route.fulfill(body=""))
    await still.close()
    await other.goto("/")
    await other.evaluate(CONNECT)
    (item,) = await other.evaluate(SENDS)
    assert (item["text"], item["address"]) == ("kept", "#/t/7")
    await other.evaluate("(id) => holdfastComposer.taken(id)", item["id"])
    await other.reload()
    await other.evaluate(CONNECT)
    assert await other.evaluate(SENDS) == []


async def test_who_goes_on_writing_keeps_it_when_the_new_thread_gets_its_address(
    still: Page,
) -> None:
    box = still.get_by_role("textbox", name="Message")
    await still.evaluate("() => void (location.hash = '#/')")
    await send(still, "first")
    await box.fill("and then")
    await still.evaluate(CONNECT)
    (item,) = await still.evaluate(SENDS)
    await still.evaluate("(thread) => void (location.hash = `#/t/${thread}`)", item["thread"])
    await expect(still).to_have_url(re.compile(item["thread"]))
    await expect(box).to_have_value("and then")
    await still.reload()
    await expect(box).to_have_value("and then")


async def test_a_question_that_is_not_taken_does_not_keep_back_the_next(
    still: Page, complaints: Complaints
) -> None:
    await send(still, "poison")
    await send(still, "next")
    await still.evaluate("""() => {
      globalThis.heard = [];
      holdfastComposer.connect((kind, said) => {
        if (JSON.parse(said).text === "poison") throw new Error("cannot take it");
        heard.push([kind, JSON.parse(said)]);
      });
    }""")
    assert [item["text"] for item in await still.evaluate(SENDS)] == ["next"]
    complaints.expect("cannot take it")


async def test_a_text_to_work_on_stands_before_what_is_being_written(still: Page) -> None:
    box = still.get_by_role("textbox", name="Message")
    await still.evaluate("() => holdfastComposer.show('again')")
    assert await box.input_value() == "again"
    await box.fill("half a thought")
    await still.evaluate("() => holdfastComposer.show('again')")
    assert await box.input_value() == "again\n\nhalf a thought"
    await expect(box).to_be_focused()


async def test_typing_is_possible_without_a_click(still: Page) -> None:
    await still.keyboard.type("at once")
    assert await still.get_by_role("textbox", name="Message").input_value() == "at once"


async def test_on_a_touch_screen_the_keyboard_stays_away_until_asked_for(
    chromium: Browser, site: SiteServer
) -> None:
    context = await chromium.new_context(base_url=site.url, has_touch=True, is_mobile=True)
    phone = await context.new_page()
    await phone.route("**/js/boot.js", lambda route: route.fulfill(body=""))
    await phone.goto("/")
    box = phone.get_by_role("textbox", name="Message")
    await expect(box).not_to_be_focused()
    await box.tap()
    await box.fill("hello")
    await phone.get_by_role("button", name="Send").tap()
    await expect(box).not_to_be_focused()
    await context.close()


async def test_stop_and_new_thread_are_heard(still: Page) -> None:
    await still.evaluate(CONNECT)
    stop = still.get_by_role("button", name="Stop")
    assert not await stop.is_visible()
    await still.evaluate("() => holdfastComposer.setRunning(true)")
    await stop.click()
    await still.get_by_role("button", name="New thread").click()
    assert [kind for kind, _ in await still.evaluate("() => heard")] == ["stop"]
    assert still.url.endswith("#/")


async def test_on_a_phone_the_threads_are_a_drawer(still: Page) -> None:
    await still.set_viewport_size({"width": 390, "height": 800})
    threads = still.get_by_role("navigation", name="Threads")
    assert not await threads.is_visible()
    await still.get_by_role("button", name="Show threads").click()
    assert await threads.is_visible()
    await still.keyboard.press("Escape")
    assert not await threads.is_visible()
