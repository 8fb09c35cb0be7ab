"""What the person sends: in order, once, kept until the journal names it (L9, L20, L23)."""

import pytest

from frontend.tests.core.driving import Core, follower, leader
from frontend.tests.core.truth import Truth, truth_of
from frontend.tests.protocol.script import Script, counted_id
from holdfast_protocol.events import MessageCreated
from holdfast_protocol.limits import MESSAGE_CHARS_MAX
from holdfast_protocol.state import Part
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.select import thread_rows, timeline


def a_thread() -> tuple[Script, str]:
    script = Script()
    thread = script.create_thread("A")
    return script, thread


def a_core(script: Script, thread: str | None) -> Core:
    truth = truth_of(script)
    return leader(truth, truth.head, thread)


def send(core: Core, n: int, text: str) -> list[do.PostMessage]:
    """Send under the ids of this number."""
    new, asked, reply = (counted_id(700_000 + n * 10 + i) for i in range(3))
    core.take(on.Submitted(text, core.app.open or new, asked, reply))
    return core.some(do.PostMessage)


def message(n: int) -> str:
    return counted_id(700_000 + n * 10 + 1)


def answer(core: Core, n: int, status: int, reason: str = "") -> list[do.PostMessage]:
    core.take(on.SendAnswered(message(n), status, reason))
    return core.some(do.PostMessage)


def echo(script: Script, core: Core, thread: str, n: int, text: str) -> list[do.PostMessage]:
    """The journal names the question."""
    part = Part(counted_id(800_000 + n), "text", text=text)
    event = MessageCreated(thread, message(n), "user", None, "complete", None, (part,))
    core.entries(script.write(event))
    return core.some(do.PostMessage)


def states(core: Core) -> list[str]:
    return [unsent.state for unsent in core.app.unsent.values()]


def test_question_is_shown_at_once_with_the_place_of_its_answer() -> None:
    core = a_core(*a_thread())
    (post,) = send(core, 1, "hello")
    asked, reply = timeline(core.app).turns
    assert (asked.id, asked.parts[0].text, asked.unsent) == (message(1), "hello", "sending")
    assert (reply.id, reply.status) == (post.unsent.reply, "pending")
    assert timeline(core.app).stoppable == post.unsent.reply


def test_question_without_a_thread_opens_a_new_one() -> None:
    core = a_core(a_thread()[0], None)
    (post,) = send(core, 1, "hello\nthere")
    assert core.app.open == post.unsent.thread
    assert core.some(do.Navigate) == [do.Navigate(post.unsent.thread)]
    assert not core.some(do.FetchHistory), "the journal has not heard of it"
    assert timeline(core.app).state == "fresh"
    assert next((row.title, row.run) for row in thread_rows(core.app)) == ("hello", "pending")


def test_L23_question_goes_to_the_thread_it_was_written_in_whatever_is_open_by_now() -> None:
    script, a = a_thread()
    b = script.create_thread("B")
    core = a_core(script, b)
    for n, thread in enumerate((a, counted_id(600_000))):
        core.take(on.Submitted("hello", thread, message(n), counted_id(600_001 + n)))
        (post,) = core.some(do.PostMessage)
        assert post.unsent.thread == thread
        assert core.app.open == b
        assert not core.some(do.Navigate)


def test_L9_same_press_heard_twice_is_one_question() -> None:
    core = a_core(*a_thread())
    send(core, 1, "one")
    assert not send(core, 1, "one")
    assert states(core) == ["sending"]


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_is_sent_when_nothing_is_written(text: str) -> None:
    core = a_core(*a_thread())
    assert not send(core, 1, text)
    assert not core.app.unsent


def test_L24_text_is_cleaned_before_it_is_sent() -> None:
    core = a_core(*a_thread())
    (post,) = send(core, 1, "a\ud800b\0")
    assert post.unsent.text == "a\ufffdb\ufffd"


def test_question_that_is_too_long_is_refused_here() -> None:
    core = a_core(*a_thread())
    assert not send(core, 1, "x" * (MESSAGE_CHARS_MAX + 1))
    assert states(core) == ["refused"]
    assert "200,000" in timeline(core.app).turns[0].reason


def test_questions_of_a_thread_are_posted_one_after_another() -> None:
    core = a_core(*a_thread())
    assert len(send(core, 1, "one")) == 1
    assert not send(core, 2, "two")
    assert not send(core, 3, "three")
    assert [post.unsent.text for post in answer(core, 1, 202)] == ["two"]
    assert [post.unsent.text for post in answer(core, 2, 202)] == ["three"]
    assert not answer(core, 3, 202)


def test_questions_of_two_threads_do_not_wait_for_each_other() -> None:
    script, a = a_thread()
    b = script.create_thread("B")
    core = a_core(script, a)
    assert send(core, 1, "one")
    core.take(on.Opened(b))
    assert send(core, 2, "two")


def test_L23_echo_that_is_faster_than_the_answer_lets_the_next_one_go() -> None:
    script, thread = a_thread()
    core = a_core(script, thread)
    send(core, 1, "one")
    send(core, 2, "two")
    assert [post.unsent.text for post in echo(script, core, thread, 1, "one")] == ["two"]
    assert not answer(core, 1, 202)
    assert list(core.app.unsent) == [message(2)]


def test_L9_continue_sent_twice_on_purpose_is_two_messages() -> None:
    script, thread = a_thread()
    core = a_core(script, thread)
    send(core, 1, "continue")
    send(core, 2, "continue")
    assert len(core.app.unsent) == 2
    echo(script, core, thread, 1, "continue")
    assert list(core.app.unsent) == [message(2)]
    texts = [turn.parts[0].text for turn in timeline(core.app).turns if turn.role == "user"]
    assert texts == ["continue", "continue"]


@pytest.mark.parametrize("status", [0, 500, 502, 503])
def test_L23_question_that_got_no_answer_waits_and_goes_out_again_under_its_ids(status) -> None:
    core = a_core(*a_thread())
    (first,) = send(core, 1, "one")
    assert not answer(core, 1, status, "no")
    assert states(core) == ["waiting"]
    core.take(on.StreamCaughtUp(core.generation, core.now))
    (again,) = core.some(do.PostMessage)
    assert again.unsent.message == first.unsent.message
    assert again.unsent.reply == first.unsent.reply
    assert again.unsent.text == first.unsent.text


def test_L23_question_that_waits_goes_out_in_time_though_the_stream_never_broke() -> None:
    core = a_core(*a_thread())
    send(core, 1, "one")
    answer(core, 1, 503)
    core.now = core.app.retry_ms - 1
    core.take(on.Woke())
    assert not core.some(do.PostMessage)
    core.now += 1
    core.take(on.Woke())
    assert core.some(do.PostMessage)


@pytest.mark.parametrize("status", [400, 404, 409, 410, 413, 422, 429])
def test_L23_question_that_is_refused_stays_with_the_reason_and_lets_others_go(status) -> None:
    core = a_core(*a_thread())
    send(core, 1, "one")
    send(core, 2, "two")
    assert [post.unsent.text for post in answer(core, 1, status, "Too much.")] == ["two"]
    assert states(core) == ["refused", "sending"]
    assert timeline(core.app).turns[0].reason == "Too much."
    assert len(send(core, 3, "three")) == 0
    assert len(answer(core, 2, 202)) == 1


def test_later_question_does_not_overtake_one_that_waits() -> None:
    core = a_core(*a_thread())
    send(core, 1, "one")
    answer(core, 1, 0)
    assert not send(core, 2, "two")
    core.take(on.ResendPressed(message(2)))
    assert [post.unsent.text for post in core.some(do.PostMessage)] == ["one"]


def test_refused_question_can_be_sent_again_or_discarded() -> None:
    core = a_core(*a_thread())
    send(core, 1, "one")
    answer(core, 1, 429)
    core.take(on.ResendPressed(message(1)))
    assert core.some(do.PostMessage)
    answer(core, 1, 429)
    core.take(on.DiscardPressed(message(1)))
    assert not core.app.unsent
    assert not timeline(core.app).turns


@pytest.mark.parametrize("happened", [on.ResendPressed, on.DiscardPressed])
def test_button_of_a_question_that_is_gone_does_nothing(happened) -> None:
    core = a_core(*a_thread())
    before = core.app
    core.take(happened(message(1)))
    assert core.app == before


def test_discarding_all_of_a_new_thread_leaves_it() -> None:
    core = a_core(a_thread()[0], None)
    send(core, 1, "one")
    answer(core, 1, 413)
    core.take(on.DiscardPressed(message(1)))
    assert core.app.open is None
    assert core.some(do.Navigate) == [do.Navigate(None)]


def test_L23_resend_of_what_is_on_its_way_posts_nothing() -> None:
    core = a_core(*a_thread())
    send(core, 1, "one")
    core.take(on.ResendPressed(message(1)))
    assert not core.some(do.PostMessage)


def test_late_answer_to_an_accepted_question_changes_nothing() -> None:
    core = a_core(*a_thread())
    send(core, 1, "one")
    answer(core, 1, 202)
    answer(core, 1, 0, "late")
    assert states(core) == ["accepted"]


def test_L23_question_whose_echo_was_skipped_by_a_reset_leaves_when_its_thread_is_read() -> None:
    script, thread = a_thread()
    core = a_core(script, thread)
    send(core, 1, "one")
    answer(core, 1, 202)
    part = Part(counted_id(800_001), "text", text="one")
    script.write(MessageCreated(thread, message(1), "user", None, "complete", None, (part,)))
    truth = Truth(script.entries)
    core.take(on.StreamReset(core.generation, truth.bootstrap()))
    assert len([t for t in timeline(core.app).turns if t.role == "user"]) == 1
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread))
    assert not core.app.unsent
    assert len([t for t in timeline(core.app).turns if t.role == "user"]) == 1


def test_L23_question_of_a_following_tab_goes_out_again_when_the_leader_is_live() -> None:
    script, thread = a_thread()
    truth = truth_of(script)
    core = follower(truth, truth.head, thread)
    send(core, 1, "one")
    answer(core, 1, 0)
    core.take(on.PeerSync("offline"))
    assert not core.some(do.PostMessage)
    core.take(on.PeerSync("live"))
    assert core.some(do.PostMessage)


def test_question_is_for_the_model_that_is_chosen_when_it_is_sent() -> None:
    core = a_core(*a_thread())
    (first,) = send(core, 1, "one")
    core.take(on.ModelChosen("demo-fast"))
    answer(core, 1, 202)
    (second,) = send(core, 2, "two")
    assert (first.unsent.model, second.unsent.model) == ("", "demo-fast")
