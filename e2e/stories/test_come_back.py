"""Leaving and coming back: other threads, reloads, other tabs and other browsers."""

import pytest
from playwright.async_api import expect

from e2e.agreement import assert_agree
from e2e.api import Api, new_id
from e2e.numbered import tokens
from e2e.page import Chat
from e2e.provider import Provider
from e2e.server import Server
from e2e.visitors import Visitors


async def test_back_before_the_end_everything_is_there_and_goes_on_growing(
    chat: Chat, provider: Provider, api: Api, visitors: Visitors
) -> None:
    a = await chat.send("A long one")
    in_a = await provider.anext_call("A long one")
    in_a.tokens(1, 10)
    await chat.expect_text(a.reply, tokens(1, 10))

    await chat.new_thread()
    b = await chat.send("A short one")
    in_b = await provider.anext_call("A short one")
    in_b.tokens(501, 503)
    await chat.expect_text(b.reply, tokens(501, 503))
    in_a.tokens(11, 20)  # while nobody looks
    in_b.tokens(504, 505)
    in_b.finish()
    await assert_agree(chat, api, b, text=tokens(501, 505), status="complete")

    await chat.switch_to(a.thread)
    seen = await visitors[0].observer.first_sight(a.thread, a.reply)
    assert seen.parts[0].chars >= len(tokens(1, 10)), "the first look had less than was seen"
    await chat.expect_text(a.reply, tokens(1, 20))
    await chat.expect_status(a.reply, "streaming")
    in_a.tokens(21, 30)
    await chat.expect_text(a.reply, tokens(1, 30))
    in_a.finish()
    await assert_agree(chat, api, a, text=tokens(1, 30), status="complete")


async def test_an_answer_that_ended_meanwhile_is_complete_at_first_sight(
    chat: Chat, provider: Provider, api: Api, visitors: Visitors
) -> None:
    a = await chat.send("End while I am away")
    in_a = await provider.anext_call("End while I am away")
    in_a.tokens(1, 5)
    await chat.expect_text(a.reply, tokens(1, 5))
    in_a.tokens(6, 10)
    await chat.expect_text(a.reply, tokens(1, 10))

    await chat.new_thread()
    b = await chat.send("Meanwhile")
    in_b = await provider.anext_call("Meanwhile")
    in_a.tokens(11, 40)
    in_a.finish()
    await chat.expect_run(a.thread, "")
    in_b.tokens(501, 505)
    await chat.expect_text(b.reply, tokens(501, 505))

    await chat.switch_to(a.thread)
    seen = await visitors[0].observer.first_sight(a.thread, a.reply)
    assert seen.status == "complete"
    assert seen.parts[0].chars == len(tokens(1, 40))
    in_b.finish()
    await chat.expect_run(b.thread, "")
    await chat.expect_text(a.reply, tokens(1, 40))
    await assert_agree(chat, api, a, text=tokens(1, 40), status="complete")


async def test_a_reload_in_mid_answer_loses_nothing_and_the_answer_goes_on(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("Survive a reload")
    call = await provider.anext_call("Survive a reload")
    call.tokens(1, 10)
    await chat.expect_text(sent.reply, tokens(1, 10))
    await chat.reload()
    await chat.expect_thread(sent.thread)
    await chat.expect_text(sent.reply, tokens(1, 10))
    call.tokens(11, 20)
    await chat.expect_text(sent.reply, tokens(1, 20))
    await chat.expect_status(sent.reply, "streaming")
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 20), status="complete")


async def test_what_was_written_during_the_reload_is_there_after_it(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("Write on while I reload")
    call = await provider.anext_call("Write on while I reload")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 7)
    await chat.expect_text(sent.reply, tokens(1, 7))
    await chat.page.goto("about:blank")
    call.tokens(8, 20)
    call.finish()
    await chat.open(sent.thread)
    await chat.expect_text(sent.reply, tokens(1, 20))
    await assert_agree(chat, api, sent, text=tokens(1, 20), status="complete")


async def test_a_reload_after_the_end_shows_what_was_seen_live(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("End, then reload")
    call = await provider.anext_call("End, then reload")
    call.reason("A thought. ")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tool_call("call_1", "calculator", '{"expression": ', '"2 + 2"}')
    call.finish("tool_calls")
    call = await provider.anext_call("End, then reload")
    call.tokens(6, 8)
    await chat.expect_kinds(sent.reply, "reasoning", "text", "tool", "text")
    call.tokens(9, 10)
    call.finish()
    await chat.expect_status(sent.reply, "complete")
    live = await chat.parts(sent.reply)
    await chat.reload()
    await chat.expect_status(sent.reply, "complete")
    await chat.expect_kinds(sent.reply, "reasoning", "text", "tool", "text")
    assert [(part.id, part.chars) for part in await chat.parts(sent.reply)] == [
        (part.id, part.chars) for part in live
    ]
    assert [part.text for part in await chat.parts(sent.reply) if part.kind == "text"] == [
        part.text for part in live if part.kind == "text"
    ]
    await assert_agree(chat, api, sent, text=tokens(1, 10), status="complete")


async def test_two_browsers_see_the_same_thread_live(
    chat: Chat, provider: Provider, api: Api, visitors: Visitors, server: Server
) -> None:
    sent = await chat.send("For two pairs of eyes")
    call = await provider.anext_call("For two pairs of eyes")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    other = await (await visitors.arrive(server.url)).open(sent.thread)
    for first in (6, 11):
        call.tokens(first, first + 4)
        await chat.expect_text(sent.reply, tokens(1, first + 4))
        await other.expect_text(sent.reply, tokens(1, first + 4))
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 15), status="complete")
    await assert_agree(other, api, sent, text=tokens(1, 15), status="complete")
    answer = await other.send("Asked by the other")
    call = await provider.anext_call("Asked by the other")
    call.tokens(16, 18)
    await chat.expect_text(answer.reply, tokens(16, 18))
    call.finish()
    await assert_agree(chat, api, answer, text=tokens(16, 18), status="complete")


async def test_the_second_tab_goes_on_when_the_first_is_closed_in_mid_answer(
    chat: Chat, provider: Provider, api: Api, visitors: Visitors
) -> None:
    sent = await chat.send("Close the first tab")
    call = await provider.anext_call("Close the first tab")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    second = await visitors[0].open(sent.thread)
    await second.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 10)
    await second.expect_text(sent.reply, tokens(1, 10))
    await chat.expect_text(sent.reply, tokens(1, 10))
    leaders = [await tab.html.get_attribute("data-leader") for tab in (chat, second)]
    assert sorted(leaders) == ["false", "true"], "one tab of a browser leads"
    await chat.close()
    call.tokens(11, 20)
    await second.expect_text(sent.reply, tokens(1, 20))
    await expect(second.html).to_have_attribute("data-leader", "true")
    call.finish()
    await assert_agree(second, api, sent, text=tokens(1, 20), status="complete")


async def test_a_thread_that_is_deleted_elsewhere_leaves_this_page(
    chat: Chat, provider: Provider, api: Api, visitors: Visitors
) -> None:
    kept = await chat.send("Keep me")
    call = await provider.anext_call("Keep me")
    call.tokens(1, 3)
    await chat.expect_text(kept.reply, tokens(1, 3))
    call.tokens(4, 5)
    call.finish()
    await chat.expect_status(kept.reply, "complete")
    await chat.new_thread()
    gone = await chat.send("Delete me")
    call = await provider.anext_call("Delete me")
    call.tokens(101, 105)
    await chat.expect_text(gone.reply, tokens(101, 105))

    visitors[0].observer.forgive(gone.thread)
    visitors[0].observer.tolerate("status of 410")  # Chromium, of the reload below
    await api.delete_thread(gone.thread)
    await call.await_closed()
    await expect(chat.link(gone.thread)).to_have_count(0)
    await expect(chat.message(gone.reply)).to_have_count(0)
    assert gone.thread not in [row["id"] for row in await api.threads()]

    await chat.reload()
    await expect(chat.link(kept.thread)).to_have_count(1)
    await expect(chat.link(gone.thread)).to_have_count(0)
    await chat.switch_to(kept.thread)
    await assert_agree(chat, api, kept, text=tokens(1, 5), status="complete")


@pytest.mark.grows_nothing("the answer is whole before this browser comes")
async def test_a_link_to_a_thread_opens_it_in_a_browser_that_never_saw_it(
    server: Server, provider: Provider, api: Api, visitors: Visitors
) -> None:
    thread, question, reply = new_id(), new_id(), new_id()
    await api.send(thread, question, reply, "Asked by a script")
    call = await provider.anext_call("Asked by a script")
    call.tokens(1, 10)
    call.finish()
    await api.until_status(thread, reply, "complete")
    chat = await (await visitors.arrive(server.url)).open(thread)
    await chat.expect_text(reply, tokens(1, 10))
    assert await chat.message_ids() == [question, reply]
