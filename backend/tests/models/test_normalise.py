"""How providers shape tool calls and reasoning, each as a table row."""

from typing import Any

import pytest

from holdfast_server.models.limits import LIMITS
from holdfast_server.models.normalise import Reply, join_or_append
from holdfast_server.models.port import (
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
)


def read(*deltas: dict[str, Any]) -> list[ModelEvent]:
    reply = Reply(LIMITS)
    events: list[ModelEvent] = []
    for delta in deltas:
        for event in reply.feed([{"choices": [{"delta": delta}]}]):
            join_or_append(events, event)
    return events + reply.finish()


def piece(
    index: int | None = None, id: str | None = None, name: str | None = None, args: Any = None
) -> dict[str, Any]:
    function = {"name": name, "arguments": args}
    whole = {"index": index, "id": id, "function": function}
    whole["function"] = {key: value for key, value in function.items() if value is not None}
    return {key: value for key, value in whole.items() if value is not None}


def calls(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"tool_calls": list(pieces)}


A, B = ToolCalled("call-0", "one"), ToolCalled("call-1", "two")


@pytest.mark.parametrize(
    ("deltas", "events"),
    [
        pytest.param(
            [calls(piece(0, "x", "one", "")), calls(piece(0, args="{")), calls(piece(0, args="}"))],
            [A, ToolArguments("call-0", "{}")],
            id="OpenAI: head, then arguments in pieces",
        ),
        pytest.param(
            [calls(piece(0, "x", "one", "{}"), piece(1, "y", "two", "[]"))],
            [A, ToolArguments("call-0", "{}"), B, ToolArguments("call-1", "[]")],
            id="two whole calls in one chunk",
        ),
        pytest.param(
            [calls(piece(0, "x", "one", "1")), calls(piece(1, "y", "two", "2")),
             calls(piece(0, args="3"))],
            [A, ToolArguments("call-0", "1"), B, ToolArguments("call-1", "2"),
             ToolArguments("call-0", "3")],
            id="interleaved by index",
        ),
        pytest.param(
            [calls(piece(0, "x", "one", "1")), calls(piece(0, "y", "two", "2"))],
            [A, ToolArguments("call-0", "1"), B, ToolArguments("call-1", "2")],
            id="every call at index 0, told apart by id",
        ),
        pytest.param(
            [calls(piece(0, "x", "one", "1")), calls(piece(0, "z", args="2"))],
            [A, ToolArguments("call-0", "12")],
            id="a new id with every piece and no name: the same call",
        ),
        pytest.param(
            [calls(piece(None, "x", "one", "1")), calls(piece(None, "y", "two", "2")),
             calls(piece(args="3"))],
            [A, ToolArguments("call-0", "1"), B, ToolArguments("call-1", "23")],
            id="no index at all",
        ),
        pytest.param(
            [calls(piece(0, "x", args="1")), calls(piece(0, name="one", args="2"))],
            [A, ToolArguments("call-0", "12")],
            id="arguments before the name wait for it",
        ),
        pytest.param(
            [calls(piece(0, "x", "one", {"a": 1}))],
            [A, ToolArguments("call-0", '{"a": 1}')],
            id="arguments as an object",
        ),
        pytest.param(
            [{"content": "\n\n"}, calls(piece(0, "x", "one", "1"))],
            [A, ToolArguments("call-0", "1")],
            id="blank space before a call is no text",
        ),
        pytest.param(
            [{"content": "<thi"}, calls(piece(0, "x", "one", "1"))],
            [TextDelta("<thi"), A, ToolArguments("call-0", "1")],
            id="what was held back comes before the call",
        ),
        pytest.param([calls(piece(0, "x", args="{}"))], [], id="a call that never gets a name"),
        pytest.param(
            [{"reasoning": "a", "reasoning_content": "a", "content": "b"}],
            [ReasoningDelta("a"), TextDelta("b")],
            id="reasoning under both names is read once, before the text",
        ),
        pytest.param(
            [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]},
                          {"type": "text", "text": "b"}]}],
            [ReasoningDelta("a"), TextDelta("b")],
            id="Mistral: content in typed parts",
        ),
        pytest.param([{"refusal": "No."}], [TextDelta("No.")], id="a refusal is text"),
    ],
)  # fmt: skip
def test_a_providers_shape_is_read(deltas: list[dict[str, Any]], events: list[ModelEvent]) -> None:
    assert read(*deltas) == events


def said(*contents: str) -> tuple[str, str]:
    """What is thought and what is answered in these contents."""
    thought = answered = ""
    for event in read(*({"content": content} for content in contents)):
        match event:
            case ReasoningDelta(text=text):
                thought += text
            case TextDelta(text=text):
                answered += text
    return thought, answered


@pytest.mark.parametrize(
    ("content", "thought", "answered"),
    [
        ("<think>\nhm\n</think>\n\nyes", "\nhm\n", "yes"),
        ("\n<think>hm</think>yes", "hm", "yes"),
        ("<think></think>yes", "", "yes"),
        ("<think>never closed", "never closed", ""),
        ("<think>a < b </thin </think>ok", "a < b </thin ", "ok"),
        ("plain <think>text</think>", "", "plain <think>text</think>"),
        ("<thinking> about it", "", "<thinking> about it"),
        ("<thi", "", "<thi"),
        ("   ", "", ""),
        ("\n\n  indented", "", "\n\n  indented"),
        ("<think>x</think>", "x", ""),
        ("<think>x</think>y <think>z</think>", "x", "y <think>z</think>"),
    ],
)
def test_thinking_inside_the_content_is_reasoning_at_its_start_only(
    content: str, thought: str, answered: str
) -> None:
    assert said(content) == (thought, answered)
    assert said(*content) == (thought, answered), "the same, one character at a time"
