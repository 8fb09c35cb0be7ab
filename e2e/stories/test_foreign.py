"""The whole chain on a model server that is not ours, so that our own reading is kept honest."""

import pytest

from e2e.agreement import assert_agree
from e2e.api import Api
from e2e.foreign import BEFORE_SUM, COUNT_ANSWER, COUNT_QUESTION, SUM_ANSWER, SUM_QUESTION
from e2e.server import MakeServer
from e2e.visitors import Visitors


@pytest.mark.grows_at_its_own_pace("it is not ours to say when it sends")
async def test_a_server_that_is_not_ours_calls_a_tool_and_answers(
    make_server: MakeServer, visitors: Visitors, foreign_model: str
) -> None:
    server = await make_server(model_url=foreign_model)
    api = await Api(server.url).begin()
    chat = await (await visitors.arrive(server.url)).open()

    count = await chat.send(COUNT_QUESTION)
    await chat.expect_text(count.reply, COUNT_ANSWER)
    await assert_agree(chat, api, count, text=COUNT_ANSWER, status="complete")

    asked = await chat.send(SUM_QUESTION)
    await chat.expect_status(asked.reply, "complete")
    await assert_agree(chat, api, asked, text=BEFORE_SUM + SUM_ANSWER, status="complete")
    await chat.expect_kinds(asked.reply, "text", "tool", "text")
    tool = (await api.message(asked.thread, asked.reply))["parts"][1]
    assert (tool["name"], tool["outcome"], tool["result"]) == ("calculator", "ok", "42")
    await chat.reload()
    await assert_agree(chat, api, asked, text=BEFORE_SUM + SUM_ANSWER, status="complete")
    await api.aclose()
