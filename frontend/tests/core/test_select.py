"""What is to be seen, as tables (L13, L17)."""

from dataclasses import replace

import pytest

from frontend.tests.core.truth import PLACE
from frontend.tests.protocol.script import counted_id
from holdfast_protocol.state import Failure, Message, Part, RunMark, State, Thread, Window
from holdfast_web.core.app import App, Continuation, Server, Unsent
from holdfast_web.core.select import (
    Turn,
    duration,
    model_choice,
    status_line,
    thread_rows,
    timeline,
)

T, Q, A1, A2, GONE = (counted_id(n) for n in range(1, 6))


def thread(name: str, active: int, **fields) -> Thread:
    return Thread(name, name, 0, active, active, **fields)


def message(name: str, parent: str | None, seq: int, **fields) -> Message:
    return Message(name, T, parent, "assistant" if parent else "user", "complete", seq, **fields)


def app(*threads: Thread, window: Window | None = None, **fields) -> App:
    windows = {window.thread: window} if window is not None else {}
    known = State(9, {one.id: one for one in threads}, windows)
    return App(known=known, place=PLACE, is_ready=True, **fields)


WINDOW = Window(
    T, 9, {Q: message(Q, None, 1), A1: message(A1, Q, 2), A2: message(A2, Q, 3)}, has_more=True
)


# --- rows ---


def test_rows_are_pinned_first_and_then_by_activity() -> None:
    rows = thread_rows(
        app(thread("old", 1), thread("new", 5), thread("pinned", 2, pinned=True), thread("mid", 3))
    )
    assert [row.id for row in rows] == ["pinned", "new", "mid", "old"]


def test_archived_threads_have_no_row() -> None:
    assert not thread_rows(app(thread("a", 1, archived=True)))


@pytest.mark.parametrize(
    ("runs", "run"),
    [
        ((), ""),
        ((RunMark("m", "pending"),), "pending"),
        ((RunMark("m", "queued"), RunMark("n", "streaming")), "streaming"),
    ],
)
def test_row_names_the_run_that_is_on(runs, run) -> None:
    assert thread_rows(app(thread("a", 1, runs=runs)))[0].run == run


@pytest.mark.parametrize(
    ("seen", "is_open", "unread"),
    [({"a": 5}, False, False), ({"a": 4}, False, True), ({}, False, True), ({}, True, False)],
)
def test_row_is_unread_while_what_it_did_was_not_in_view(seen, is_open, unread) -> None:
    row = thread_rows(app(thread("a", 5), seen=seen, open="a" if is_open else None))[0]
    assert (row.unread, row.current) == (unread, is_open)


def test_thread_of_our_own_stands_first_until_the_journal_names_it() -> None:
    unsent = {Q: Unsent(T, Q, A1, "first line\nsecond", 0, state="sending")}
    rows = thread_rows(app(thread("a", 1, pinned=True), unsent=unsent))
    assert next((row.id, row.title, row.run) for row in rows) == (T, "first line", "pending")
    rows = thread_rows(app(thread(T, 1), unsent=unsent))
    assert [row.id for row in rows] == [T]


def test_untitled_thread_has_a_name() -> None:
    assert thread_rows(app(replace(thread("a", 1), title="")))[0].title == "New thread"


# --- timeline ---


@pytest.mark.parametrize(
    ("built", "state"),
    [
        (app(open=None), "new"),
        (app(thread(T, 1), open=T), "loading"),
        (app(thread(T, 1), open=T, window=WINDOW), "fresh"),
        (app(thread(T, 1), open=T, window=replace(WINDOW, fresh=False)), "saved"),
        (app(open=T, missing=frozenset({T})), "missing"),
        (app(open=T, unsent={Q: Unsent(T, Q, A1, "x", 0)}), "fresh"),
        (app(open=T, unsent={Q: Unsent(T, Q, A1, "x", 0)}, missing=frozenset({T})), "fresh"),
        (app(thread(T, 1), open=T, unsent={Q: Unsent(T, Q, A1, "x", 0)}), "loading"),
    ],
)
def test_timeline_says_how_much_it_has(built: App, state: str) -> None:
    assert timeline(built).state == state


@pytest.mark.parametrize(
    ("leaf", "path"),
    [
        (A1, [Q, A1]),
        (A2, [Q, A2]),
        (Q, [Q]),
        (None, []),
        (GONE, [Q, A2]),
    ],
)
def test_L17_timeline_is_the_path_to_the_leaf_or_as_much_of_it_as_is_here(leaf, path) -> None:
    shown = timeline(app(thread(T, 1, leaf=leaf), open=T, window=WINDOW))
    assert [turn.id for turn in shown.turns] == path
    assert shown.has_earlier


def test_turns_of_a_saved_copy_say_so() -> None:
    shown = timeline(app(thread(T, 1, leaf=A1), open=T, window=replace(WINDOW, fresh=False)))
    assert all(turn.saved for turn in shown.turns)


@pytest.mark.parametrize(
    ("state", "shown", "turns"),
    [
        ("queued", "sending", 2),
        ("sending", "sending", 2),
        ("accepted", "sending", 2),
        ("waiting", "waiting", 2),
        ("refused", "refused", 1),
    ],
)
def test_unsent_question_stands_below_with_the_place_of_its_answer(state, shown, turns) -> None:
    unsent = {Q: Unsent(T, Q, A1, "x", 7, state=state)}
    made = timeline(app(thread(T, 1), open=T, unsent=unsent)).turns
    assert [turn.id for turn in made] == [Q, A1][:turns]
    assert made[0].unsent == shown


def test_unsent_question_of_another_thread_is_not_shown() -> None:
    unsent = {Q: Unsent(GONE, Q, A1, "x", 7)}
    assert not timeline(app(thread(T, 1), open=T, unsent=unsent)).turns


@pytest.mark.parametrize(
    ("runs", "state", "stoppable"),
    [
        ((), "refused", ""),
        ((), "waiting", ""),
        ((), "sending", A2),
        ((), "accepted", A2),
        ((RunMark(A1, "streaming"),), "sending", A1),
    ],
)
def test_stop_ends_the_run_that_is_on_else_the_one_that_was_asked_for(
    runs, state, stoppable
) -> None:
    unsent = {Q: Unsent(T, Q, A2, "x", 7, state=state)}
    assert timeline(app(thread(T, 1, runs=runs), open=T, unsent=unsent)).stoppable == stoppable


@pytest.mark.parametrize(
    ("runs", "waits"),
    [
        ((), {}),
        ((RunMark(A1, "queued"),), {A1: "person"}),
        ((RunMark(A1, "queued"), RunMark(A2, "queued")), {A1: "person"}),
        ((RunMark(GONE, "queued"), RunMark(A2, "queued")), {A2: "person"}),
        ((RunMark(GONE, "pending"), RunMark(A1, "queued")), {}),
        ((RunMark(GONE, "streaming"), RunMark(A1, "queued"), RunMark(A2, "queued")), {}),
    ],
)
def test_first_queued_reply_in_view_waits_for_the_person_while_nothing_of_its_thread_runs(
    runs, waits
) -> None:
    shown = timeline(queued_app(runs))
    assert {turn.id: turn.waits for turn in shown.turns if turn.waits} == waits


def test_reply_that_was_let_go_on_waits_for_the_server_to_say_so() -> None:
    continuing = {A1: Continuation(T, A1, GONE)}
    both = (RunMark(A1, "queued"), RunMark(A2, "queued"))
    shown = timeline(replace(queued_app(both), continuing=continuing))
    assert [turn.waits for turn in shown.turns] == ["", "server", ""]


@pytest.mark.parametrize(
    ("runs", "stoppable"),
    [
        ((RunMark(A1, "queued"),), ""),
        ((RunMark(A1, "queued"), RunMark(A2, "queued")), ""),
        ((RunMark(A1, "pending"), RunMark(A2, "queued")), A1),
        ((RunMark(A1, "streaming"), RunMark(A2, "queued")), A1),
        ((RunMark(A1, "queued"), RunMark(A2, "streaming")), A2),
    ],
)
@pytest.mark.parametrize("sends", [False, True])
def test_stop_never_means_a_reply_that_only_waits_nor_one_sent_behind_it(
    runs, stoppable, sends
) -> None:
    unsent = {GONE: Unsent(T, GONE, counted_id(6), "x", 7, state="sending")} if sends else {}
    assert timeline(replace(queued_app(runs), unsent=unsent)).stoppable == stoppable


def queued_app(runs: tuple[RunMark, ...]) -> App:
    """A question with two replies below one another, both queued as far as the window knows."""
    first = replace(message(A1, Q, 2), status="queued")
    second = replace(message(A2, A1, 3), status="queued")
    window = replace(WINDOW, messages={Q: message(Q, None, 1), A1: first, A2: second})
    return app(thread(T, 1, leaf=A2, runs=runs), open=T, window=window)


# --- status ---

ASKED = Turn(Q, "user", "pending", ())
ANSWER = Turn("m", "assistant", "complete", (), started_at=1_000, ended_at=13_400)
PART = Part("p", "text")


@pytest.mark.parametrize(
    ("turn", "sync", "line"),
    [
        (ANSWER, "live", "Done in 12 s"),
        (replace(ANSWER, status="queued"), "live", "Queued"),
        (replace(ANSWER, status="queued"), "offline", "Queued"),
        *(
            (
                replace(ANSWER, status="queued", waits="person"),
                sync,
                "Waiting for you",
            )
            for sync in ("live", "offline")
        ),
        (
            replace(ANSWER, status="queued", waits="server"),
            "offline",
            "Asked again when the server answers.",
        ),
        (replace(ANSWER, status="pending"), "live", "Waiting for the model…"),
        (replace(ANSWER, status="streaming"), "live", "Working for 4.0 s…"),
        (replace(ANSWER, status="streaming", parts=(PART,)), "live", "Streaming for 4.0 s…"),
        (
            replace(ANSWER, status="streaming"),
            "offline",
            "Connection lost. Trying again…",
        ),
        (replace(ANSWER, status="stopped"), "live", "Stopped"),
        (replace(ANSWER, status="failed", reason="It refused."), "live", "It refused."),
        (replace(ANSWER, status="failed"), "offline", "The model failed."),
        (
            replace(ANSWER, status="interrupted"),
            "live",
            "Interrupted: the server was restarted.",
        ),
        (replace(ANSWER, role="user"), "offline", ""),
        (replace(ASKED, unsent="sending"), "live", ""),
        (
            replace(ASKED, unsent="waiting"),
            "live",
            "Not sent yet. It goes out when the server answers.",
        ),
        (replace(ASKED, unsent="refused", reason="Too long."), "live", "Not sent. Too long."),
        (replace(ANSWER, started_at=None, ended_at=None), "live", "Done in 0.0 s"),
    ],
)
def test_status_line_says_how_an_answer_stands(turn: Turn, sync: str, line: str) -> None:
    assert status_line(turn, 5_000, sync) == line


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (-5, "0.0 s"),
        (0, "0.0 s"),
        (449, "0.4 s"),
        (9_999, "9.9 s"),
        (10_000, "10 s"),
        (59_999, "59 s"),
        (60_000, "1 min 0 s"),
        (185_400, "3 min 5 s"),
        (3_661_000, "61 min 1 s"),
    ],
)
def test_duration_is_said_as_a_person_says_it(ms: int, said: str) -> None:
    assert duration(ms) == said


def test_failed_run_gives_its_sentence_to_the_turn() -> None:
    failed = message(A1, Q, 2, error=Failure("refused", "It refused.", True))
    window = replace(WINDOW, messages={**WINDOW.messages, A1: failed})
    shown = timeline(app(thread(T, 1, leaf=A1), open=T, window=window))
    assert shown.turns[-1].reason == "It refused."


# --- the model ---


@pytest.mark.parametrize(
    ("chosen_here", "of_thread", "of_server", "chosen"),
    [
        ("", None, "a", "a"),
        ("", "b", "a", "b"),
        ("c", "b", "a", "c"),
        ("gone", "b", "a", "b"),
        ("", "gone", "gone too", "a"),
    ],
)
def test_model_is_the_one_chosen_else_the_threads_else_the_servers(
    chosen_here: str, of_thread: str | None, of_server: str, chosen: str
) -> None:
    server = Server(model=of_server, models=("a", "b", "c"))
    seen = app(thread(T, 1, model=of_thread), open=T, server=server, model=chosen_here)
    assert model_choice(seen).chosen == chosen


def test_question_behind_one_that_waits_waits_too_and_nothing_is_said_of_answers() -> None:
    unsent = {
        Q: Unsent(T, Q, A1, "first", 7, state="waiting"),
        GONE: Unsent(T, GONE, A2, "second", 8, state="queued"),
    }
    made = timeline(app(thread(T, 1), open=T, unsent=unsent)).turns
    assert [turn.id for turn in made] == [Q, A1, GONE, A2]
    assert {turn.unsent for turn in made} == {"waiting"}
    said = [status_line(turn, 0, "offline") for turn in made]
    assert [line.startswith("Not sent yet") for line in said] == [True, False, True, False]
    assert said[1] == said[3] == ""


def test_answer_that_the_model_cut_short_says_so() -> None:
    cut = message(Q, None, 1, usage={"cut": True})
    whole = message(Q, None, 1, usage={"cut": False})
    lines = [
        status_line(timeline(seen).turns[0], 0, "live")
        for seen in (
            app(
                thread(T, 1, leaf=Q),
                open=T,
                window=Window(T, 9, {Q: replace(one, role="assistant")}),
            )
            for one in (cut, whole)
        )
    ]
    assert ["Cut short" in line for line in lines] == [True, False]
