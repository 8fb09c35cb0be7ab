"""What a screen reader says: that an answer started and how it ended, never its text."""

from dataclasses import replace

import pytest

from holdfast_protocol.state import Part, Status
from holdfast_web.core.select import Timeline, Turn
from holdfast_web.views.spoken import spoken

QUESTION = Turn("q", "user", "complete", ())


def shown(status: Status, thread: str = "t", **fields: object) -> Timeline:
    return Timeline(thread, "T", "fresh", (QUESTION, Turn("a", "assistant", status, (), **fields)))


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("queued", "pending", None),
        ("pending", "streaming", "The answer starts."),
        ("queued", "streaming", "The answer starts."),
        ("streaming", "streaming", None),
        ("interrupted", "streaming", "The answer goes on."),
        ("streaming", "complete", "The answer is complete."),
        ("pending", "complete", "The answer is complete."),
        ("streaming", "stopped", "The answer was stopped."),
        ("streaming", "interrupted", "The answer was interrupted."),
        ("complete", "complete", None),
    ],
)
def test_what_is_said_of_a_step(before: Status, now: Status, said: str | None) -> None:
    assert spoken(shown(before), shown(now)) == said


def test_a_failure_says_why() -> None:
    failed = shown("failed", reason="The model refused the connection.")
    assert spoken(shown("streaming"), failed) == (
        "The answer failed. The model refused the connection."
    )


def test_tokens_say_nothing() -> None:
    before = shown("streaming")
    grown = replace(before.turns[1], parts=(Part("p", "text", text="word"),))
    assert spoken(before, replace(before, turns=(QUESTION, grown))) is None


def test_opening_a_thread_says_nothing_of_what_happened_in_it() -> None:
    assert spoken(shown("streaming", "other"), shown("complete")) is None
    loading = Timeline("t", "T", "loading")
    assert spoken(loading, shown("complete")) is None
    assert spoken(loading, shown("streaming")) is None


NEXT = Turn("b", "assistant", "queued", ())


@pytest.mark.parametrize(
    ("waited", "waits", "said"),
    [
        ("", "person", "The answer was stopped. The next answer waits for you."),
        ("", "", "The answer was stopped."),
        ("person", "person", "The answer was stopped."),
        ("server", "person", "The answer was stopped."),
    ],
)
def test_that_the_next_answer_waits_for_the_person_is_said_once(
    waited: str, waits: str, said: str
) -> None:
    was, now = shown("streaming"), shown("stopped")
    before = replace(was, turns=(*was.turns, replace(NEXT, waits=waited)))
    after = replace(now, turns=(*now.turns, replace(NEXT, waits=waits)))
    assert spoken(before, after) == said


def test_an_end_is_said_though_the_next_answer_becomes_due_with_it() -> None:
    was, now = shown("streaming"), shown("complete")
    before = replace(was, turns=(*was.turns, NEXT))
    after = replace(now, turns=(*now.turns, replace(NEXT, status="pending")))
    assert spoken(before, after) == "The answer is complete."


def test_opening_a_thread_in_which_an_answer_waits_says_nothing() -> None:
    now = shown("stopped")
    after = replace(now, turns=(*now.turns, replace(NEXT, waits="person")))
    assert spoken(Timeline("t", "T", "loading"), after) is None


def test_the_latest_of_several_is_said() -> None:
    two = (*shown("complete").turns, Turn("b", "assistant", "streaming", ()))
    was = (*shown("streaming").turns, Turn("b", "assistant", "pending", ()))
    timeline = shown("complete")
    said = spoken(replace(timeline, turns=was), replace(timeline, turns=two))
    assert said == "The answer starts."
