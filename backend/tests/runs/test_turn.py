"""What a model is told of a thread."""

import pytest

from backend.tests.runs.fakes import numbered_ids
from holdfast_protocol.state import Message, Part
from holdfast_server.runs.turn import choose

new_id = numbered_ids()


def message(role: str, *parts: Part, status: str = "complete") -> Message:
    return Message(new_id(), new_id(), None, role, status, 1, parts=parts)


def text(said: str) -> Part:
    return Part(new_id(), "text", text=said)


def asked(said: str) -> Message:
    return message("user", text(said))


def answered(said: str, status: str = "complete") -> Message:
    return message("assistant", text(said), status=status)


def told(newest_first: list[Message], chars_max: int = 1000, instructions: str | None = None):
    turn = choose(newest_first, model="m", instructions=instructions, chars_max=chars_max)
    assert (turn.model, turn.instructions) == ("m", instructions)
    return [(one.role, one.text) for one in turn.messages]


def test_the_path_is_told_oldest_first():
    path = [asked("2"), answered("1!"), asked("1")]
    assert told(path) == [("user", "1"), ("assistant", "1!"), ("user", "2")]


def test_of_an_answer_only_its_text_is_told():
    parts = (
        Part(new_id(), "reasoning", text="hm"),
        text("It is "),
        Part(new_id(), "tool", name="clock", arguments="{}", result="12:00", outcome="ok"),
        text("noon."),
    )
    assert told([message("assistant", *parts)]) == [("assistant", "It is noon.")]


@pytest.mark.parametrize("status", ["stopped", "failed", "interrupted"])
def test_what_was_said_before_an_end_of_any_kind_is_told(status):
    assert told([answered("half", status)]) == [("assistant", "half")]


def test_an_answer_without_text_is_left_out():
    path = [asked("2"), message("assistant", status="failed"), asked("1")]
    assert told(path) == [("user", "1"), ("user", "2")]


def test_the_newest_that_fit_are_kept_whole():
    path = [asked("55555"), answered("4444"), asked("333"), answered("22")]
    assert told(path, chars_max=12) == [("user", "333"), ("assistant", "4444"), ("user", "55555")]
    assert told(path, chars_max=11) == [("assistant", "4444"), ("user", "55555")]


def test_nothing_older_than_what_did_not_fit_is_told():
    path = [asked("5"), answered("4" * 50), asked("3")]
    assert told(path, chars_max=20) == [("user", "5")]


def test_the_question_is_told_however_long_it_is():
    assert told([asked("x" * 50), asked("1")], chars_max=10) == [("user", "x" * 50)]


def test_instructions_take_their_room():
    path = [asked("55555"), answered("4444")]
    assert told(path, chars_max=10, instructions="12") == [("user", "55555")]
    assert len(told(path, chars_max=11, instructions="12")) == 2
