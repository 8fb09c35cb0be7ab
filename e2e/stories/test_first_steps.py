"""A newcomer: no configuration, an impatient keyboard, a phone, and a model that means harm."""

import re
import socket

import pytest
from playwright.async_api import Page, Route, expect

from e2e.agreement import assert_agree
from e2e.api import Api
from e2e.numbered import tokens
from e2e.page import Chat
from e2e.provider import Provider
from e2e.server import MakeServer, Server
from e2e.visitors import Visitors

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TOUCH_PX_MIN = 40


async def test_with_nothing_configured_the_demo_thinks_uses_a_tool_and_streams(
    make_server: MakeServer, visitors: Visitors
) -> None:
    server = await make_server(more_environment=_without_a_local_model())
    api = await Api(server.url).begin()
    chat = await (await visitors.arrive(server.url)).open()
    await expect(chat.page.get_by_text(re.compile("demo", re.I)).first).to_be_visible()
    sent = await chat.send("What can you do?")
    answer = chat.message(sent.reply)
    await expect(answer.locator("[data-part=reasoning]").first).to_be_visible()
    await expect(answer.locator("[data-part=tool]").first).to_be_visible()
    await expect(answer.locator("[data-part=text]").last).to_contain_text("demo")
    await chat.expect_status(sent.reply, "streaming")
    await chat.new_thread()
    await chat.switch_to(sent.thread)
    await chat.expect_status(sent.reply, "streaming")
    await chat.stop()
    await chat.expect_status(sent.reply, "stopped")
    kinds = [part["kind"] for part in (await api.message(sent.thread, sent.reply))["parts"]]
    assert kinds.index("reasoning") < kinds.index("tool") < len(kinds) - 1
    await api.aclose()


async def test_what_is_typed_and_sent_before_python_is_ready_is_sent_once(
    server: Server, provider: Provider, api: Api, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(server.url)
    chat = await visitor.tab()
    release = await _hold_python(chat.page)
    await chat.page.goto(server.url, wait_until="commit")
    await expect(chat.html).to_have_attribute("data-app", "booting")
    await chat.composer.fill("Asked before you were awake")
    await chat.send_button.click()
    await expect(chat.html).to_have_attribute("data-app", "booting")
    await release()
    await chat.ready()
    sent = await chat.expect_sent("Asked before you were awake", [])
    call = await provider.anext_call("Asked before you were awake")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 9)
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 9), status="complete")
    assert len(await api.threads()) == 1
    assert len(await api.messages(sent.thread)) == 2
    assert len(provider.calls) == 1


@pytest.mark.grows_nothing("nothing is asked")
async def test_what_is_typed_before_python_is_ready_and_not_sent_stays_in_the_composer(
    server: Server, api: Api, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(server.url)
    chat = await visitor.tab()
    release = await _hold_python(chat.page)
    await chat.page.goto(server.url, wait_until="commit")
    await chat.composer.fill("Half a question")
    await release()
    await chat.ready()
    await expect(chat.composer).to_have_value("Half a question")
    assert await api.threads() == []


async def test_enter_sends_and_shift_enter_breaks_the_line(
    chat: Chat, provider: Provider, api: Api
) -> None:
    await chat.composer.press_sequentially("One")
    await chat.composer.press("Shift+Enter")
    await chat.composer.press_sequentially("two")
    await expect(chat.composer).to_have_value("One\ntwo")
    await chat.composer.press("Enter")
    call = await provider.anext_call("One\ntwo")
    sent = await chat.expect_sent("One two", [])
    call.tokens(1, 2)
    await chat.expect_text(sent.reply, tokens(1, 2))
    call.tokens(3, 4)
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 4), status="complete")


async def test_a_phone_can_ask_read_switch_and_stop(
    server: Server, provider: Provider, api: Api, visitors: Visitors
) -> None:
    chat = await (await visitors.arrive(server.url, **PHONE)).open()
    a = await chat.send("Asked on a phone")
    in_a = await provider.anext_call("Asked on a phone")
    in_a.say(f"{'word ' * 200}\n\n```\n{'x' * 300}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    await expect(chat.message(a.reply).locator("[data-part=text]")).to_contain_text("word")
    await _assert_fits(chat)
    await chat.new_thread()
    b = await chat.send("And another")
    in_b = await provider.anext_call("And another")
    in_b.tokens(1, 5)
    await chat.expect_text(b.reply, tokens(1, 5))
    in_b.tokens(6, 8)
    await chat.expect_text(b.reply, tokens(1, 8))
    await chat.stop()
    await assert_agree(chat, api, b, text=tokens(1, 8), status="stopped")
    await chat.switch_to(a.thread)
    await chat.expect_status(a.reply, "streaming")
    await _assert_fits(chat)
    in_a.finish()
    await chat.expect_status(a.reply, "complete")


async def test_what_a_model_writes_runs_nothing_and_fetches_nothing(
    chat: Chat, provider: Provider, api: Api
) -> None:
    hostile = (
        "<script>window.harmed = 1</script>"
        '<img src="x" onerror="window.harmed = 2">'
        '<img src="http://127.0.0.1:9/pixel.png">'
        '<svg onload="window.harmed = 3"></svg>'
        '<iframe src="http://127.0.0.1:9/frame"></iframe>'
        "<style>body { display: none }</style>\n\n"
        "![remote](http://127.0.0.1:9/remote.png) "
        "[run](javascript:window.harmed=4) [data](data:text/html,<script>1</script>) "
        "[away](http://127.0.0.1:9/away)\n\n"
        "<form action='http://127.0.0.1:9/form'><button>send</button></form>\n\n"
        "t1 t2 t3 \x00 \ud800 end"
    )
    sent = await chat.send("<b>Show</b> me <img src=x onerror='window.harmed = 5'>")
    call = await provider.anext_call("<b>Show</b> me <img src=x onerror='window.harmed = 5'>")
    call.say(hostile[:7])
    shown = chat.main.locator(f'article[data-message-id="{sent.reply}"] [data-part="text"]')
    await expect(shown).to_have_attribute("data-chars", "7")  # so that the rest is seen to grow
    for start in range(7, len(hostile), 7):
        call.say(hostile[start : start + 7])
    call.finish()
    await chat.expect_status(sent.reply, "complete")
    stored = (await api.message(sent.thread, sent.reply))["parts"][0]["text"]
    assert stored == hostile.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    await _assert_harmless(chat, sent.reply)
    await chat.reload()
    await chat.expect_status(sent.reply, "complete")
    await _assert_harmless(chat, sent.reply)


async def _assert_harmless(chat: Chat, message: str) -> None:
    answer = chat.message(message)
    await expect(answer.locator("[data-part=text]")).to_contain_text("t1 t2 t3")
    for forbidden in ("script", "iframe", "style", "form", "[onerror]", "[onload]", "object"):
        await expect(answer.locator(forbidden)).to_have_count(0)
    for scheme in ("javascript:", "data:text"):
        await expect(answer.locator(f'[href^="{scheme}"]')).to_have_count(0)
    await expect(answer.locator('img[src^="http"]')).to_have_count(0)
    assert await chat.page.evaluate("() => window.harmed") is None
    await expect(chat.main).to_be_visible()


async def _assert_fits(chat: Chat) -> None:
    """Nothing is wider than the phone, and what a thumb needs is on screen and large enough."""
    wide = await chat.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} px wider than the phone"
    buttons = [
        button for button in (chat.send_button, chat.stop_button) if await button.is_visible()
    ]
    for control in (chat.composer, *buttons):
        box = await control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["viewport"]["width"]
        assert box["y"] + box["height"] <= PHONE["viewport"]["height"]
        assert box["height"] >= TOUCH_PX_MIN


async def _hold_python(page: Page):
    """Keep Python's program from arriving until the returned function is called.

    (Routing turns the HTTP cache off for this page, which has no part in these stories.)
    """
    held: list[Route] = []
    free = False

    async def hold(route: Route) -> None:
        if free:
            await route.continue_()
        else:
            held.append(route)

    async def release() -> None:
        nonlocal free
        free = True
        for route in held:
            await route.continue_()

    await page.route("**/*.wasm", hold)
    return release


def _without_a_local_model() -> dict[str, str]:
    """Nothing at all, but where an Ollama of this machine would answer instead of the demo."""
    with socket.socket() as caller:
        caller.settimeout(1)
        ollama = caller.connect_ex(("127.0.0.1", 11434)) == 0
    return {"OPENAI_BASE_URL": "demo"} if ollama else {}
