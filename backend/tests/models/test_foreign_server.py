"""The adapter against an OpenAI-compatible server that is not ours."""

from backend.tests.models.conftest import MakeModel, ask, read_all
from backend.tests.models.event_order import assert_well_formed
from e2e.foreign import BEFORE_SUM, COUNT_ANSWER, COUNT_QUESTION, SUM_ANSWER, SUM_QUESTION
from holdfast_server.models.normalise import join_or_append
from holdfast_server.models.port import (
    Finished,
    ModelEvent,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)


async def test_it_streams_a_text(foreign_model: str, make_model: MakeModel) -> None:
    events = await read_all(make_model(foreign_model, model="gpt-4o").answer(ask(COUNT_QUESTION)))
    assert_well_formed(events)
    assert "".join(one.text for one in events if isinstance(one, TextDelta)) == COUNT_ANSWER
    assert isinstance(events[-1], Finished)
    assert events[-1].usage is not None


async def test_it_calls_a_tool_and_answers_with_its_result(
    foreign_model: str, make_model: MakeModel
) -> None:
    events = await read_all(make_model(foreign_model, model="gpt-4o").answer(ask(SUM_QUESTION)))
    assert_well_formed(events)
    whole: list[ModelEvent] = []
    for event in events:
        join_or_append(whole, event)
    assert whole[:-1] == [
        TextDelta(BEFORE_SUM),
        ToolCalled("call-0", "calculator"),
        ToolArguments("call-0", '{"expression": "6 * 7"}'),
        ToolReturned("call-0", "ok", "42"),
        TextDelta(SUM_ANSWER),
    ]


async def test_its_models_are_listed_and_the_first_is_asked(
    foreign_model: str, make_model: MakeModel
) -> None:
    model = make_model(foreign_model, model=None)
    assert len(await model.list_models()) > 1
    assert_well_formed(await read_all(model.answer(ask(COUNT_QUESTION))))
