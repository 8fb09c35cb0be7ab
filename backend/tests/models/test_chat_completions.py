"""The adapter at a real HTTP server: what is asked, what comes, and how a turn goes."""

import asyncio
import json

import pytest

from backend.tests.models.conftest import MakeModel, ask, read_all
from e2e.provider import Provider
from holdfast_protocol.limits import NUMBER_MAX
from holdfast_server.models.normalise import join_or_append
from holdfast_server.models.port import (
    Finished,
    ModelError,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
    Turn,
    TurnMessage,
)


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_text_comes_as_it_is_said(provider: Provider, make_model: MakeModel) -> None:
    answer = make_model().answer(ask("hello"))
    first = asyncio.create_task(anext(answer))
    call = await provider.anext_call("hello")
    call.say("one ")
    assert await first == TextDelta("one ")
    second = asyncio.create_task(anext(answer))
    call.say("two")
    assert await second == TextDelta("two")
    call.finish()
    assert await read_all(answer) == [Finished({"input_tokens": 3, "output_tokens": 5})]


async def test_every_token_of_a_fast_model_arrives_once_and_in_order(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("count"))))
    call = await provider.anext_call("count")
    call.tokens(1, 500)
    call.finish()
    events = await reading
    assert text_of(events) == "".join(f"t{number} " for number in range(1, 501))
    assert len(events) < 250, "neighbouring deltas are joined"


async def test_the_turn_is_asked_as_it_is(provider: Provider, make_model: MakeModel) -> None:
    model = make_model(api_key="key-of-the-test")
    turn = Turn(
        "other",
        "Be brief.",
        (
            TurnMessage("user", "q1"),
            TurnMessage("assistant", "a1"),
            TurnMessage("user", "q2 \ud800"),
        ),
    )
    reading = asyncio.create_task(read_all(model.answer(turn)))
    call = await provider.anext_call("q2 \ud800")
    call.say("ok")
    call.finish()
    await reading
    assert call.body["model"] == "other"
    assert call.body["stream"] is True
    assert call.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "q1"},
        {"role": "assistant", "content": "a1"},
        {"role": "user", "content": "q2 \ud800"},
    ]
    assert {tool["function"]["name"] for tool in call.body["tools"]} == {"clock", "calculator"}
    assert call.headers["authorization"] == "Bearer key-of-the-test"


async def test_without_a_key_no_authorization_is_sent(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say("ok")
    call.finish()
    await reading
    assert "authorization" not in call.headers


async def test_without_a_model_the_first_on_offer_is_asked(
    provider: Provider, make_model: MakeModel
) -> None:
    provider.models[:] = ["alpha", "beta"]
    model = make_model(model=None)
    assert await model.list_models() == ("alpha", "beta")
    reading = asyncio.create_task(read_all(model.answer(ask("hi"))))
    call = await provider.anext_call("hi")
    assert call.body["model"] == "alpha"
    call.say("ok")
    call.finish()
    await reading


async def test_a_server_that_offers_no_model_is_told_to_the_person(
    provider: Provider, make_model: MakeModel
) -> None:
    provider.models.clear()
    with pytest.raises(ModelError) as caught:
        await read_all(make_model(model=None).answer(ask("hi")))
    assert caught.value.code == "model_none"


async def test_a_tool_runs_between_two_answers(provider: Provider, make_model: MakeModel) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("what is 6*7"))))
    call = await provider.anext_call("what is 6*7")
    call.reason("a sum")
    call.say("Let me see. ")
    call.tool_call("id-1", "calculator", '{"expr', 'ession": "6*', '7"}')
    call.finish("tool_calls")
    after = await provider.anext_call("what is 6*7")
    assert after.body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "Let me see. ",
            "reasoning_content": "a sum",
            "tool_calls": [
                {
                    "id": "id-1",
                    "type": "function",
                    "function": {"name": "calculator", "arguments": '{"expression": "6*7"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "id-1", "content": "42"},
    ]
    after.say("It is 42.")
    after.finish()
    events = joined(await reading)
    assert events == [
        ReasoningDelta("a sum"),
        TextDelta("Let me see. "),
        ToolCalled("call-0", "calculator"),
        ToolArguments("call-0", '{"expression": "6*7"}'),
        ToolReturned("call-0", "ok", "42"),
        TextDelta("It is 42."),
        Finished({"input_tokens": 6, "output_tokens": 10}),
    ]


def joined(events: list[ModelEvent]) -> list[ModelEvent]:
    """How often deltas came is the network's affair; a test compares what they say together."""
    whole: list[ModelEvent] = []
    for event in events:
        join_or_append(whole, event)
    return whole


async def test_two_tools_in_one_answer_and_the_same_ids_in_the_next_stay_apart(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("sums"))))
    call = await provider.anext_call("sums")
    call.tool_call("same", "calculator", '{"expression": "1+1"}', index=0)
    call.tool_call("other", "calculator", '{"expression": "2+2"}', index=1)
    call.finish("tool_calls")
    again = await provider.anext_call("sums")
    again.tool_call("same", "calculator", '{"expression": "3+3"}')
    again.finish("tool_calls")
    last = await provider.anext_call("sums")
    last.say("done")
    last.finish()
    returned = [event for event in await reading if isinstance(event, ToolReturned)]
    assert [(one.call, one.result) for one in returned] == [
        ("call-0", "2"),
        ("call-1", "4"),
        ("call-2", "6"),
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("calculator", '{"expression": "1/0"}', "division by zero"),
        ("calculator", '{"expression": "__import__(1)"}', "only numbers"),
        ("calculator", "{not json", "not valid JSON"),
        ("calculator", "[1]", "must be a JSON object"),
        ("rocket", "{}", "no tool named rocket"),
    ],
)
async def test_a_tool_that_fails_is_told_to_the_model_and_the_answer_goes_on(
    provider: Provider, make_model: MakeModel, name: str, arguments: str, says: str
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("try"))))
    call = await provider.anext_call("try")
    call.tool_call("id-1", name, arguments)
    call.finish("tool_calls")
    after = await provider.anext_call("try")
    assert says in after.body["messages"][-1]["content"]
    sent_back = after.body["messages"][-2]["tool_calls"][0]["function"]["arguments"]
    assert isinstance(json.loads(sent_back), dict), "a history with other arguments is refused"
    after.say("sorry")
    after.finish()
    (returned,) = [event for event in await reading if isinstance(event, ToolReturned)]
    assert returned.outcome == "error"
    assert says in returned.result


async def test_what_a_server_refuses_is_left_out_from_then_on(
    provider: Provider, make_model: MakeModel
) -> None:
    model = make_model()
    for question in ("first", "second"):
        reading = asyncio.create_task(read_all(model.answer(ask(question))))
        call = await provider.anext_call(question)
        if question == "first":
            assert "tools" in call.body
            call.fail(400, {"error": {"message": "this model does not support tools"}})
            call = await provider.anext_call(question)
            assert "stream_options" in call.body
            call.fail(422, {"detail": [{"loc": ["body", "stream_options"], "msg": "extra"}]})
            call = await provider.anext_call(question)
        assert call.body.keys() == {"model", "messages", "stream"}
        call.say("plain")
        call.finish()
        assert text_of(await reading) == "plain"


async def test_a_server_that_refuses_for_ever_is_not_asked_for_ever(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    for _ in range(3):
        (await provider.anext_call("hi")).fail(400, "no tools, no stream_options, nothing")
    with pytest.raises(ModelError) as caught:
        await reading
    assert caught.value.code == "model_rejected"
    assert len(provider.calls) == 3


async def test_a_connection_is_used_again_after_a_whole_answer(
    provider: Provider, make_model: MakeModel
) -> None:
    model = make_model()
    for question in ("first", "second", "third"):
        reading = asyncio.create_task(read_all(model.answer(ask(question))))
        call = await provider.anext_call(question)
        call.say("ok")
        call.finish()
        await reading
    assert len({call.peer for call in provider.calls}) == 1


async def test_a_server_that_keeps_the_body_open_after_its_end_mark_is_not_waited_for(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say("all")
    call.raw(b"data: [DONE]\n\n")
    assert await reading == [TextDelta("all"), Finished(None)]
    await call.await_closed(bound_s=2)


async def test_a_server_that_does_not_stream_is_read_whole(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    message = {"role": "assistant", "content": "whole", "reasoning": "thought"}
    call.fail(200, {"choices": [{"message": message, "finish_reason": "stop"}]})
    assert await reading == [ReasoningDelta("thought"), TextDelta("whole"), Finished(None)]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_comes_under_either_name(
    provider: Provider, make_model: MakeModel, field: str
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.reason("hm", field=field)
    call.say("yes")
    call.finish(usage=None)
    assert await reading == [ReasoningDelta("hm"), TextDelta("yes"), Finished(None)]


async def test_L12_counts_that_add_up_to_no_number_are_cut_at_the_largest(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    most = {"prompt_tokens": NUMBER_MAX, "completion_tokens": 1}
    call = await provider.anext_call("hi")
    call.tool_call("id-1", "clock", "{}")
    call.finish("tool_calls", usage=most)
    call = await provider.anext_call("hi")
    call.say("noon")
    call.finish(usage=most)
    assert (await reading)[-1] == Finished({"input_tokens": NUMBER_MAX, "output_tokens": 2})


async def test_an_answer_cut_at_the_models_limit_says_so(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say("half")
    call.finish("length", usage=None)
    assert (await reading)[-1] == Finished({"cut": True})


async def test_turns_at_once_do_not_mix(provider: Provider, make_model: MakeModel) -> None:
    model = make_model()
    reading = {name: asyncio.create_task(read_all(model.answer(ask(name)))) for name in "abc"}
    calls = {name: await provider.anext_call(name) for name in "cab"}
    for number in range(20):
        for name, call in calls.items():
            call.say(f"{name}{number} ")
    for call in calls.values():
        call.finish()
    for name, task in reading.items():
        assert text_of(await task) == "".join(f"{name}{number} " for number in range(20))
