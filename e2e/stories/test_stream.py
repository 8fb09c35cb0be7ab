"""The main job: send, stream, stop, tools."""

import pytest
from playwright.async_api import expect

from e2e.agreement import assert_agree
from e2e.api import Api
from e2e.numbered import assert_numbered, tokens
from e2e.page import Chat
from e2e.provider import Provider


async def test_an_answer_streams_to_the_screen_as_it_is_written(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("Count to thirty")
    call = await provider.anext_call("Count to thirty")
    for first in (1, 11, 21):
        call.tokens(first, first + 9)
        await chat.expect_text(sent.reply, tokens(1, first + 9))
        await chat.expect_status(sent.reply, "streaming")
        await chat.expect_run(sent.thread, "streaming")
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 30), status="complete")
    await chat.expect_run(sent.thread, "")


async def test_a_conversation_goes_on_and_the_model_is_given_what_was_said(
    chat: Chat, provider: Provider, api: Api
) -> None:
    first = await chat.send("First question")
    call = await provider.anext_call("First question")
    call.tokens(1, 5)
    await chat.expect_text(first.reply, tokens(1, 5))
    call.tokens(6, 9)
    call.finish()
    await chat.expect_status(first.reply, "complete")
    second = await chat.send("Second question")
    call = await provider.anext_call("Second question")
    said = [(message["role"], message["content"]) for message in call.body["messages"]]
    assert [turn for turn in said if turn[0] != "system"] == [
        ("user", "First question"),
        ("assistant", tokens(1, 9)),
        ("user", "Second question"),
    ]
    call.tokens(10, 15)
    await chat.expect_text(second.reply, tokens(10, 15))
    call.finish()
    await assert_agree(chat, api, second, text=tokens(10, 15), status="complete")
    await assert_agree(chat, api, first, text=tokens(1, 9), status="complete")


async def test_a_burst_faster_than_any_screen_arrives_whole(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("As fast as you can")
    call = await provider.anext_call("As fast as you can")
    call.tokens(1, 2)
    await chat.expect_text(sent.reply, tokens(1, 2))
    for first in range(3, 3000, 10):
        call.tokens(first, first + 9)
    call.finish()
    await chat.expect_text(sent.reply, tokens(1, 3002))
    await assert_agree(chat, api, sent, text=tokens(1, 3002), status="complete")
    shown = (await chat.parts(sent.reply))[0]
    assert_numbered(shown.text, 3002)


@pytest.mark.grows_nothing("stopped before there was a first token")
async def test_stop_before_the_first_token_ends_the_work_upstream_too(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("Say nothing yet")
    call = await provider.anext_call("Say nothing yet")
    await chat.stop()
    await call.await_closed()
    await assert_agree(chat, api, sent, text="", status="stopped")
    await chat.expect_run(sent.thread, "")


async def test_stop_in_mid_answer_keeps_what_was_said(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("Go on for ever")
    call = await provider.anext_call("Go on for ever")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tokens(6, 10)
    await chat.expect_text(sent.reply, tokens(1, 10))
    await chat.stop()
    await call.await_closed()
    await chat.expect_text(sent.reply, tokens(1, 10))
    await assert_agree(chat, api, sent, text=tokens(1, 10), status="stopped")
    after = await chat.send("And now?")
    call = await provider.anext_call("And now?")
    call.tokens(11, 12)
    call.finish()
    await assert_agree(chat, api, after, text=tokens(11, 12), status="complete")


async def test_a_tool_stands_where_it_happened_between_two_texts(
    chat: Chat, provider: Provider, api: Api
) -> None:
    sent = await chat.send("What is six times seven?")
    call = await provider.anext_call("What is six times seven?")
    call.tokens(1, 5)
    await chat.expect_text(sent.reply, tokens(1, 5))
    call.tool_call("call_1", "calculator", '{"expression": ', '"6 * 7"}')
    call.finish("tool_calls")
    call = await provider.anext_call("What is six times seven?")
    result = call.body["messages"][-1]
    assert (result["role"], result["content"]) == ("tool", "42")
    await chat.expect_kinds(sent.reply, "text", "tool")
    card = chat.message(sent.reply).locator("[data-part=tool]")
    for piece in ("calculator", "6 * 7", "42"):
        await expect(card).to_contain_text(piece)
    call.tokens(6, 8)
    await chat.expect_kinds(sent.reply, "text", "tool", "text")
    call.tokens(9, 10)
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 10), status="complete")
    tool = (await api.message(sent.thread, sent.reply))["parts"][1]
    assert (tool["name"], tool["outcome"], tool["result"]) == ("calculator", "ok", "42")


async def test_thinking_stands_before_the_answer(chat: Chat, provider: Provider, api: Api) -> None:
    sent = await chat.send("Think first")
    call = await provider.anext_call("Think first")
    call.reason("First I wonder. ")
    await chat.expect_kinds(sent.reply, "reasoning")
    call.reason("Then I know. ")
    call.tokens(1, 3)
    await chat.expect_kinds(sent.reply, "reasoning", "text")
    call.tokens(4, 6)
    call.finish()
    await assert_agree(chat, api, sent, text=tokens(1, 6), status="complete")
    thought = (await api.message(sent.thread, sent.reply))["parts"][0]
    assert (thought["kind"], thought["text"]) == ("reasoning", "First I wonder. Then I know. ")
    assert (await chat.parts(sent.reply))[0].chars == len(thought["text"])


async def test_two_answers_stream_side_by_side_in_two_threads(
    chat: Chat, provider: Provider, api: Api
) -> None:
    here = await chat.send("Here")
    first = await provider.anext_call("Here")
    await chat.new_thread()
    there = await chat.send("There")
    second = await provider.anext_call("There")
    for number in range(1, 11):
        first.tokens(number, number)
        second.tokens(number + 100, number + 100)
    await chat.expect_text(there.reply, tokens(101, 110))
    await chat.switch_to(here.thread)
    await chat.expect_text(here.reply, tokens(1, 10))
    first.tokens(11, 12)
    await chat.expect_text(here.reply, tokens(1, 12))
    first.finish()
    second.finish()
    await assert_agree(chat, api, here, text=tokens(1, 12), status="complete")
    await chat.switch_to(there.thread)
    await assert_agree(chat, api, there, text=tokens(101, 110), status="complete")
