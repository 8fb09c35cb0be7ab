"""A reply that waits for the person: let go on once, asked until the server answers, forgotten
when the journal has settled it.
"""

from collections.abc import Callable

import pytest

from frontend.tests.core.driving import Core, leader
from frontend.tests.core.truth import truth_of
from frontend.tests.protocol.script import Script, Turn
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.select import timeline


class Line:
    """A thread in which the first of three answers was stopped; two stand behind it."""

    def __init__(self) -> None:
        self.script = Script()
        self.thread = self.script.create_thread("A")
        self.stopped, self.first, self.second = (self.script.send(self.thread) for _ in range(3))
        self.script.start(self.stopped)
        self.script.end_run(self.stopped, "stopped")
        truth = truth_of(self.script)
        self.core: Core = leader(truth, truth.head, self.thread)

    def happens(self, write: Callable[[Script], object]) -> None:
        """The journal goes on, and the page hears of it."""
        before = len(self.script.entries)
        write(self.script)
        self.core.entries(*self.script.entries[before:])

    def press(self, reply: Turn) -> list[do.PostContinue]:
        self.core.take(on.ContinuePressed(reply.id))
        return self.core.some(do.PostContinue)

    def answer(self, reply: Turn, status: int) -> None:
        self.core.take(on.ContinueAnswered(reply.id, status))

    @property
    def waits(self) -> list[str]:
        turns = timeline(self.core.app).turns
        return [turn.waits for turn in turns if turn.role == "assistant"]

    @property
    def asked_again(self) -> list[do.PostContinue]:
        """What is asked when the network comes back."""
        self.core.take(on.NetworkChanged(True))
        return self.core.some(do.PostContinue)


@pytest.fixture
def line() -> Line:
    return Line()


def starts(reply: Turn) -> Callable[[Script], None]:
    def write(script: Script) -> None:
        script.promote(reply)
        script.start(reply)

    return write


def test_L9_pressing_twice_asks_once_and_names_the_run_of_the_message(line: Line) -> None:
    (post,) = line.press(line.first)
    asked = post.continuation
    assert (asked.message, asked.run) == (line.first.id, line.first.run)
    assert line.press(line.first) == []
    line.answer(line.first, 202)
    assert line.press(line.first) == []


def test_what_is_shown_changes_with_the_press_and_then_with_the_journal_only(line: Line) -> None:
    assert line.waits == ["", "person", ""]
    line.press(line.first)
    assert line.waits == ["", "server", ""]
    line.answer(line.first, 202)
    assert line.waits == ["", "server", ""], "no button comes back before the echo"
    line.happens(starts(line.first))
    assert line.waits == ["", "", ""]
    assert not line.core.app.continuing


@pytest.mark.parametrize("status", [0, 500, 503])
def test_press_that_did_not_reach_the_server_is_asked_again(line: Line, status: int) -> None:
    (post,) = line.press(line.first)
    line.answer(line.first, status)
    assert line.core.app.retry_ms is not None
    line.core.now = line.core.app.retry_ms
    line.core.take(on.Woke())
    assert line.core.some(do.PostContinue) == [post]
    assert line.asked_again == [post]


@pytest.mark.parametrize("status", [404, 409, 410, 422, 429])
def test_press_that_the_server_refused_is_over_and_can_be_made_again(line: Line, status) -> None:
    line.press(line.first)
    line.answer(line.first, status)
    assert line.asked_again == []
    assert line.waits == ["", "person", ""]
    assert len(line.press(line.first)) == 1


def test_L8_press_from_before_does_not_let_go_on_what_waits_for_the_person_anew(
    line: Line,
) -> None:
    line.press(line.second)
    line.answer(line.second, 0)
    line.happens(starts(line.first))
    assert line.asked_again == []
    line.happens(lambda script: script.end_run(line.first, "stopped"))
    assert line.waits == ["", "", "person"]
    assert line.asked_again == []


@pytest.mark.parametrize("gone", ["stopped elsewhere", "deleted with its thread"])
def test_press_is_forgotten_with_what_it_was_about(line: Line, gone: str) -> None:
    line.press(line.first)
    line.answer(line.first, 0)
    if gone == "stopped elsewhere":
        line.happens(lambda script: script.end_run(line.first, "stopped"))
    else:
        line.happens(lambda script: script.delete_thread(line.thread))
    assert not line.core.app.continuing
    assert line.asked_again == []


def test_the_later_of_answer_now_and_skip_holds(line: Line) -> None:
    line.press(line.first)
    line.core.take(on.StopPressed(line.first.id))
    assert line.asked_again == []
    assert do.PostStop(line.first.id) in line.core.last
    assert len(line.press(line.first)) == 1
    assert len(line.asked_again) == 1
    assert do.PostStop(line.first.id) not in line.core.last


def test_what_waits_for_nobody_is_not_asked_for(line: Line) -> None:
    assert line.press(line.stopped) == []
    line.happens(starts(line.first))
    assert line.press(line.first) == []
    assert line.press(line.second) == []
    line.core.take(on.Opened(None))
    assert line.press(line.second) == []


def test_removing_the_first_one_leaves_the_next_to_the_person(line: Line) -> None:
    line.happens(lambda script: script.end_run(line.first, "stopped"))
    assert line.waits == ["", "", "person"]
    assert timeline(line.core.app).stoppable == ""
