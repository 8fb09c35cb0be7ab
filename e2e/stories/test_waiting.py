"""A question sent while an answer is written: it waits for that answer, or for the person."""

from playwright.async_api import Locator, expect

from e2e.agreement import assert_agree
from e2e.api import Api
from e2e.numbered import tokens
from e2e.page import Chat, Sent
from e2e.provider import Provider
from e2e.provider_call import Call


async def test_a_question_behind_a_stopped_answer_waits_for_the_person_also_after_a_reload(
    chat: Chat, provider: Provider, api: Api
) -> None:
    first, call, second = await _two_questions(chat, provider)
    await chat.stop()
    await call.await_closed()
    await assert_waiting(chat, second)
    await chat.expect_status(first.reply, "stopped")
    await chat.reload()
    await chat.expect_thread(second.thread)
    await assert_waiting(chat, second)
    assert len(provider.calls) == 1, "nothing is asked of the model before the person says so"
    await _button(chat, second, "Answer now").click()
    await _answered(await provider.anext_call("Two"), 9)
    await assert_agree(chat, api, second, text=tokens(9, 12), status="complete")
    await expect(_button(chat, second, "Skip this question")).to_have_count(0)
    await chat.expect_run(second.thread, "")


async def test_a_question_behind_a_failed_answer_goes_on_when_the_person_sends_again(
    chat: Chat, provider: Provider, api: Api
) -> None:
    first, call, second = await _two_questions(chat, provider)
    call.break_off()
    await chat.expect_status(first.reply, "failed")
    await assert_waiting(chat, second)
    third = await chat.send("Three")
    call = await provider.anext_call("Two")
    await chat.expect_status(third.reply, "queued")
    await expect(_button(chat, third, "Answer now")).to_have_count(0)
    await expect(chat.stop_button).to_be_visible()
    await _answered(call, 9)
    await _answered(await provider.anext_call("Three"), 13)
    await assert_agree(chat, api, third, text=tokens(13, 16), status="complete")
    await assert_agree(chat, api, second, text=tokens(9, 12), status="complete")


async def test_a_queued_question_can_be_skipped_and_the_others_move_up(
    chat: Chat, provider: Provider, api: Api
) -> None:
    first, call, second = await _two_questions(chat, provider)
    third = await chat.send("Three")
    await _button(chat, second, "Skip this question").click()
    await chat.expect_status(second.reply, "stopped")
    await chat.expect_status(first.reply, "streaming")
    call.finish()
    await _answered(await provider.anext_call("Three"), 9)
    await assert_agree(chat, api, third, text=tokens(9, 12), status="complete")
    await assert_agree(chat, api, first, text=tokens(1, 8), status="complete")
    await assert_agree(chat, api, second, text="", status="stopped")


async def assert_waiting(chat: Chat, sent: Sent) -> None:
    """The reply is where the person is waited for, and nothing says that anything runs."""
    await chat.expect_status(sent.reply, "queued")
    await expect(chat.message(sent.reply)).to_contain_text("Waiting for you")
    await expect(_button(chat, sent, "Answer now")).to_be_visible()
    await expect(_button(chat, sent, "Skip this question")).to_be_visible()
    await chat.expect_run(sent.thread, "queued")
    await expect(chat.link(sent.thread)).to_contain_text("waiting")
    await expect(chat.stop_button).to_be_hidden()
    await expect(chat.send_button).to_be_visible()


def _button(chat: Chat, sent: Sent, name: str) -> Locator:
    return chat.message(sent.reply).get_by_role("button", name=name, exact=True)


async def _two_questions(chat: Chat, provider: Provider) -> tuple[Sent, Call, Sent]:
    """The first answer has said eight tokens; the second question stands behind it."""
    first = await chat.send("One")
    call = await provider.anext_call("One")
    call.tokens(1, 5)
    await chat.expect_text(first.reply, tokens(1, 5))
    call.tokens(6, 8)
    await chat.expect_text(first.reply, tokens(1, 8))
    second = await chat.send("Two")
    await chat.expect_status(second.reply, "queued")
    await expect(chat.message(second.reply)).to_contain_text("Queued")
    return first, call, second


async def _answered(call: Call, first: int) -> None:
    call.tokens(first, first + 3)
    call.finish()
