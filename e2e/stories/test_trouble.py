"""What goes wrong between the model and the eye: servers killed, models that fail."""

import pytest
from playwright.async_api import expect

from e2e.agreement import assert_agree
from e2e.api import Api
from e2e.numbered import tokens
from e2e.page import Chat
from e2e.provider import Provider
from e2e.server import MakeServer, Server, closed_port
from e2e.visitors import Visitors

SERVER_AWAY = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_SOCKET_NOT_CONNECTED",
)
"""What Chromium itself prints while the server is dead. The app's own errors still count."""


async def test_after_kill_9_the_text_seen_is_still_there_and_the_answer_says_interrupted(
    chat: Chat, provider: Provider, api: Api, server: Server, visitors: Visitors
) -> None:
    visitors[0].observer.tolerate(*SERVER_AWAY)
    sent = await chat.send("Die in the middle")
    call = await provider.anext_call("Die in the middle")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 10)
    await chat.expect_text(sent.reply, tokens(1, 10))
    await server.kill()
    await expect(chat.html).not_to_have_attribute("data-sync", "live")
    await chat.expect_text(sent.reply, tokens(1, 10))
    await chat.expect_status(sent.reply, "streaming")  # interrupted comes from the journal only
    await server.start()
    await assert_agree(chat, api, sent, text=tokens(1, 10), status="interrupted")
    await chat.reload()
    await chat.expect_thread(sent.thread)
    await assert_agree(chat, api, sent, text=tokens(1, 10), status="interrupted")
    other = await (await visitors.arrive(server.url)).open(sent.thread)
    await assert_agree(other, api, sent, text=tokens(1, 10), status="interrupted")
    after = await chat.send("Go on")
    call = await provider.anext_call("Go on")
    call.tokens(11, 12)
    call.finish()
    await assert_agree(chat, api, after, text=tokens(11, 12), status="complete")


async def test_a_page_reloaded_while_the_server_is_dead_finds_its_way_back(
    chat: Chat, provider: Provider, api: Api, server: Server, visitors: Visitors
) -> None:
    sent = await chat.send("Die, and I reload")
    call = await provider.anext_call("Die, and I reload")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 7)
    await chat.expect_text(sent.reply, tokens(1, 7))
    visitors[0].observer.tolerate(*SERVER_AWAY)
    await server.kill()
    await server.start()
    await chat.reload()
    await chat.expect_thread(sent.thread)
    await assert_agree(chat, api, sent, text=tokens(1, 7), status="interrupted")


async def test_sigterm_ends_the_server_cleanly_and_keeps_the_answer_so_far(
    chat: Chat, provider: Provider, api: Api, server: Server, visitors: Visitors
) -> None:
    visitors[0].observer.tolerate(*SERVER_AWAY)
    sent = await chat.send("Shut down in the middle")
    call = await provider.anext_call("Shut down in the middle")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 10)
    await chat.expect_text(sent.reply, tokens(1, 10))
    assert await server.terminate() == 0, server.tail()
    await call.await_closed()
    await server.start()
    await assert_agree(chat, api, sent, text=tokens(1, 10), status="interrupted")


@pytest.mark.grows_nothing("the model is not there")
async def test_an_unreachable_model_fails_with_a_sentence_and_the_next_question_may_work(
    make_server: MakeServer, visitors: Visitors
) -> None:
    server = await make_server(model_url=f"http://127.0.0.1:{await closed_port()}/v1")
    api = await Api(server.url).begin()
    chat = await (await visitors.arrive(server.url)).open()
    sent = await chat.send("Is anybody there?")
    await assert_agree(chat, api, sent, text="", status="failed")
    error = (await api.message(sent.thread, sent.reply))["error"]
    assert error["retryable"] is True
    assert error["message"].endswith((".", "?", "!")), "a sentence that a person understands"
    assert "Traceback" not in error["message"]
    await expect(chat.message(sent.reply)).to_contain_text(error["message"])
    await chat.reload()
    await expect(chat.message(sent.reply)).to_contain_text(error["message"])
    await api.aclose()


@pytest.mark.grows_nothing("the model refuses")
async def test_a_model_that_refuses_the_key_fails_with_a_sentence(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("Let me in")
    call = await provider.anext_call("Let me in")
    call.fail(401, {"error": {"code": "invalid_api_key", "message": "Incorrect key: sk-123"}})
    await assert_agree(chat, api, sent, text="", status="failed")
    error = (await api.message(sent.thread, sent.reply))["error"]
    assert error["retryable"] is False
    await expect(chat.message(sent.reply)).to_contain_text(error["message"])


async def test_a_model_that_breaks_off_fails_and_what_it_said_is_kept(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("Break off")
    call = await provider.anext_call("Break off")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 10)
    await chat.expect_text(sent.reply, tokens(1, 10))
    call.break_off()
    await chat.expect_text(sent.reply, tokens(1, 10))
    await assert_agree(chat, api, sent, text=tokens(1, 10), status="failed")
    error = (await api.message(sent.thread, sent.reply))["error"]
    await expect(chat.message(sent.reply)).to_contain_text(error["message"])


async def test_L23_what_was_sent_while_the_server_was_dead_goes_out_even_from_another_tab(
    chat: Chat, provider: Provider, api: Api, server: Server, visitors: Visitors
) -> None:
    visitors[0].observer.tolerate(*SERVER_AWAY)
    sent = await chat.send("Before")
    call = await provider.anext_call("Before")
    call.tokens(1, 2)
    await chat.expect_text(sent.reply, tokens(1, 2))
    call.tokens(3, 3)
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 3), status="complete")
    await server.kill()
    await expect(chat.html).to_have_attribute("data-sync", "offline")
    await chat.composer.fill("Sent to nobody")
    await chat.composer.press("Enter")
    await expect(chat.main.get_by_text("Not sent yet")).to_be_visible()
    await chat.composer.fill("half a thought")
    await chat.page.close()
    await server.start()
    other = await visitors[0].open(sent.thread)
    call = await provider.anext_call("Sent to nobody")
    call.tokens(4, 6)
    call.finish()
    await expect(other.articles).to_have_count(4)
    await expect(other.articles.last).to_have_attribute("data-status", "complete")
    await expect(other.composer).to_have_value("half a thought")
    texts = [m["parts"][0]["text"] for m in await api.messages(sent.thread) if m["role"] == "user"]
    assert sorted(texts) == ["Before", "Sent to nobody"]


@pytest.mark.grows_nothing("what is refused is never asked")
async def test_L23_what_was_refused_is_still_there_to_edit_after_a_reload(
    chat: Chat, visitors: Visitors
) -> None:
    visitors[0].observer.tolerate("status of 404")  # the reload asks for a thread that never began
    await chat.composer.fill("far too long " * 20_000)
    await chat.composer.press("Enter")
    await expect(chat.main.get_by_text("Not sent.")).to_be_visible()
    await chat.reload()
    await expect(chat.main.get_by_text("Not sent.")).to_be_visible()
    await chat.main.get_by_role("button", name="Discard").click()
    await expect(chat.articles).to_have_count(0)
    await chat.reload()
    await expect(chat.articles).to_have_count(0)
