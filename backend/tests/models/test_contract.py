"""The demo and a model over HTTP are the same to whoever asks: one contract for both."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from backend.tests.models.conftest import MakeModel, ask, read_all
from backend.tests.models.event_order import assert_well_formed
from e2e.provider import Provider
from e2e.provider_call import Call
from holdfast_server.models.chat_completions import ChatCompletions
from holdfast_server.models.choosing import demo_model
from holdfast_server.models.port import (
    Finished,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)


async def no_time_passes(_: float) -> None:
    await asyncio.sleep(0)


def first_round(call: Call) -> None:
    call.reason("thinking ")
    call.say("one moment. ")
    call.tool_call("a", "clock", "{}")
    call.tool_call("b", "calculator", '{"expression": ', '"(12 + 30) * 24"}', index=1)
    call.finish("tool_calls")


def second_round(call: Call) -> None:
    call.tokens(1, 50)
    call.finish()


@pytest.fixture(params=["demo", "http"])
async def answering(
    request: pytest.FixtureRequest, provider: Provider, make_model: MakeModel
) -> AsyncGenerator[ChatCompletions, None]:
    if request.param == "demo":
        model = demo_model(sleep=no_time_passes)
        yield model
        await model.aclose()
        return

    async def play() -> None:
        first_round(await provider.anext_call())
        second_round(await provider.anext_call())

    player = asyncio.create_task(play())
    yield make_model()
    player.cancel()
    await asyncio.gather(player, return_exceptions=True)


async def test_events_are_well_formed(answering: ChatCompletions) -> None:
    events = await read_all(answering.answer(ask("hello")))
    assert_well_formed(events)
    kinds = {type(event) for event in events}
    assert kinds == {
        ReasoningDelta, TextDelta, ToolCalled, ToolArguments, ToolReturned, Finished,
    }  # fmt: skip


async def test_the_tools_really_run(answering: ChatCompletions) -> None:
    events = await read_all(answering.answer(ask("hello")))
    returned = [event for event in events if isinstance(event, ToolReturned)]
    assert [one.outcome for one in returned] == ["ok", "ok"]
    assert returned[1].result == "1008"


async def test_leaving_early_leaves_no_task(answering: ChatCompletions) -> None:
    answer = answering.answer(ask("hello"))
    await anext(answer)
    await answer.aclose()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "model-door"] == []


def test_the_contract_refuses_what_it_should() -> None:
    broken: list[list[ModelEvent]] = [
        [TextDelta("no end")],
        [Finished(None), TextDelta("after the end")],
        [ToolCalled("a", "clock"), Finished(None)],
        [ToolReturned("a", "ok", ""), Finished(None)],
        [ToolArguments("a", "{}"), Finished(None)],
        [TextDelta(""), Finished(None)],
    ]
    for events in broken:
        with pytest.raises(AssertionError):
            assert_well_formed(events)
