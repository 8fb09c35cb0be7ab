"""A model's events become parts, without any clock or journal."""

import pytest

from backend.tests.runs.fakes import numbered_ids
from holdfast_protocol.events import PartDelta, PartEnded, PartStarted
from holdfast_protocol.limits import DELTA_CHARS_MAX, TOOL_RESULT_CHARS_MAX
from holdfast_server.models.port import (
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)
from holdfast_server.runs.parts import CUT, LimitReached, Parts


def make_parts(**limits):
    new_id = numbered_ids()
    return Parts(thread=new_id(), message=new_id(), run=new_id(), new_id=new_id, **limits)


def told(parts: Parts) -> list[tuple]:
    """What is pending, as short tuples with parts numbered in order of appearance."""
    numbers: dict[str, int] = {}
    rows = []
    for event in parts.drain():
        part = numbers.setdefault(event.part, len(numbers))
        match event:
            case PartStarted():
                row = ("start", part, event.kind, *([event.name] if event.name else []))
            case PartDelta():
                row = ("delta", part, event.offset, event.text)
            case PartEnded(outcome=None):
                row = ("end", part)
            case PartEnded():
                row = ("end", part, event.outcome, event.result)
        rows.append(row)
    return rows


def test_consecutive_text_is_one_delta_of_one_part():
    parts = make_parts()
    structural = [parts.take(TextDelta(text)) for text in ("a", "b", "c")]
    assert structural == [True, False, False]
    assert told(parts) == [("start", 0, "text"), ("delta", 0, 0, "abc")]


def test_a_change_of_kind_ends_the_part_and_starts_another():
    parts = make_parts()
    for event in (ReasoningDelta("hm"), TextDelta("so"), ReasoningDelta("but")):
        assert parts.take(event)
    assert told(parts) == [
        ("start", 0, "reasoning"),
        ("delta", 0, 0, "hm"),
        ("end", 0),
        ("start", 1, "text"),
        ("delta", 1, 0, "so"),
        ("end", 1),
        ("start", 2, "reasoning"),
        ("delta", 2, 0, "but"),
    ]


def test_a_tool_is_a_part_from_its_call_to_its_result():
    parts = make_parts()
    events = (
        TextDelta("let me look"),
        ToolCalled("c1", "clock"),
        ToolArguments("c1", '{"zone":'),
        ToolArguments("c1", '"UTC"}'),
        ToolReturned("c1", "ok", "12:00"),
        TextDelta("noon"),
    )
    assert [parts.take(event) for event in events] == [True, True, False, False, True, True]
    assert told(parts) == [
        ("start", 0, "text"),
        ("delta", 0, 0, "let me look"),
        ("end", 0),
        ("start", 1, "tool", "clock"),
        ("delta", 1, 0, '{"zone":"UTC"}'),
        ("end", 1, "ok", "12:00"),
        ("start", 2, "text"),
        ("delta", 2, 0, "noon"),
    ]


def test_tools_called_together_keep_their_own_arguments_and_results():
    parts = make_parts()
    for event in (
        ToolCalled("a", "one"),
        ToolCalled("b", "two"),
        ToolArguments("b", "B"),
        ToolArguments("a", "A"),
        ToolReturned("b", "error", "no"),
        ToolReturned("a", "ok", "yes"),
    ):
        parts.take(event)
    assert told(parts) == [
        ("start", 0, "tool", "one"),
        ("start", 1, "tool", "two"),
        ("delta", 1, 0, "B"),
        ("delta", 0, 0, "A"),
        ("end", 1, "error", "no"),
        ("end", 0, "ok", "yes"),
    ]


def test_offsets_count_code_points_and_go_on_over_drains():
    parts = make_parts()
    parts.take(TextDelta("a😀"))
    parts.drain()
    parts.take(TextDelta("ü"))
    (delta,) = parts.drain()
    assert (delta.offset, delta.text) == (2, "ü")


def test_L24_a_surrogate_pair_split_over_chunks_is_joined():
    parts = make_parts()
    parts.take(TextDelta("x\ud83d"))
    parts.take(TextDelta("\ude00y"))
    assert told(parts) == [("start", 0, "text"), ("delta", 0, 0, "x😀y")]


def test_L10_pieces_of_calls_that_come_in_turns_are_one_delta_of_each():
    parts = make_parts()
    for call in ("a", "b"):
        parts.take(ToolCalled(call, "clock"))
    parts.drain()
    for piece in range(1_000):
        for call in ("a", "b"):
            parts.take(ToolArguments(call, str(piece % 10)))
    deltas = parts.drain()
    assert [(delta.offset, len(delta.text)) for delta in deltas] == [(0, 1_000), (0, 1_000)]
    parts.take(ToolArguments("a", "!"))
    assert [delta.offset for delta in parts.drain()] == [1_000]


@pytest.mark.parametrize(
    "after", [ReasoningDelta("z"), ToolCalled("c", "clock"), None], ids=["kind", "tool", "end"]
)
def test_L24_half_a_character_whose_other_half_never_comes_is_replaced(after):
    parts = make_parts()
    parts.take(TextDelta("x\ud83d"))
    if after is None:
        parts.finish()
    else:
        parts.take(after)
    assert told(parts)[:2] == [("start", 0, "text"), ("delta", 0, 0, "x\ufffd")]


def test_L24_names_arguments_and_results_of_tools_are_cleaned():
    parts = make_parts()
    parts.take(ToolCalled("c", "a\0b"))
    parts.take(ToolArguments("c", "\ud83d"))
    parts.take(ToolArguments("c", "\ude00"))
    parts.take(ToolReturned("c", "ok", "\udc00"))
    assert told(parts) == [
        ("start", 0, "tool", "a\ufffdb"),
        ("delta", 0, 0, "😀"),
        ("end", 0, "ok", "\ufffd"),
    ]


def test_empty_chunks_make_no_part():
    parts = make_parts()
    assert not parts.take(TextDelta(""))
    assert not parts.take(ReasoningDelta(""))
    assert parts.started == 0
    assert parts.drain() == ()


def test_L12_a_long_delta_is_split():
    parts = make_parts()
    parts.take(TextDelta("x" * (2 * DELTA_CHARS_MAX + 1)))
    _, *deltas = parts.drain()
    assert [(delta.offset, len(delta.text)) for delta in deltas] == [
        (0, DELTA_CHARS_MAX),
        (DELTA_CHARS_MAX, DELTA_CHARS_MAX),
        (2 * DELTA_CHARS_MAX, 1),
    ]


def test_L12_an_answer_too_long_keeps_what_fits_and_says_so():
    parts = make_parts(chars_max=10)
    parts.take(TextDelta("12345678"))
    with pytest.raises(LimitReached, match="ended at 10 characters"):
        parts.take(TextDelta("90abc"))
    assert told(parts)[1] == ("delta", 0, 0, "1234567890")


def test_an_answer_of_just_the_longest_length_passes():
    parts = make_parts(chars_max=10)
    parts.take(TextDelta("1234567890"))


def test_L12_one_part_too_many_is_refused():
    parts = make_parts(parts_max=2)
    parts.take(TextDelta("a"))
    parts.take(ReasoningDelta("b"))
    with pytest.raises(LimitReached, match="ended at 2 parts"):
        parts.take(TextDelta("c"))
    assert [row[0] for row in told(parts)] == ["start", "delta", "end", "start", "delta", "end"]


def test_L12_a_tool_result_too_long_is_cut_and_says_so():
    parts = make_parts()
    parts.take(ToolCalled("c", "read"))
    parts.take(ToolReturned("c", "ok", "x" * (TOOL_RESULT_CHARS_MAX + 1)))
    result = parts.drain()[-1].result
    assert len(result) == TOOL_RESULT_CHARS_MAX
    assert result.endswith(CUT)
