"""A thread's window: from the store or the server, with no gap and no overlap (L19, L20)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.tests.core.driving import follower, leader, sources
from frontend.tests.core.truth import Truth, truth_of
from frontend.tests.protocol.script import Script, counted_id
from frontend.tests.protocol.strategies import scripts
from holdfast_protocol.limits import PARKED_ENTRIES_MAX
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.select import timeline


def two_threads() -> tuple[Script, str, str]:
    """A, streaming, and B at rest; A's last entry is a delta."""
    script = Script()
    script.send(script.create_thread("B"))
    b = next(iter(script.leaves))
    reply = script.send(script.create_thread("A"))
    script.start(reply)
    piece = script.start_part(reply)
    script.delta(reply, piece, "one ")
    return script, reply.thread, b


def grow(script: Script, thread: str, *texts: str) -> None:
    reply = next(t for t in script.turns.values() if t.thread == thread and t.pieces and t.run)
    for text in texts:
        script.delta(reply, reply.pieces[0], text)


def texts_of(truth: Truth, thread: str) -> dict[tuple[str, str], str]:
    window = truth.at().windows[thread]
    return {(m.id, p.id): p.source for m in window.messages.values() for p in m.parts}


# --- opening ---


def test_L18_leaving_a_thread_touches_no_run_and_no_connection() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = leader(truth, truth.head, a)
    transport = core.app.transport
    core.take(on.Opened(b))
    assert core.app.transport is transport
    assert all(isinstance(effect, do.ReadWindow) for effect in core.last)
    grow(script, a, "two ")
    core.entries(*script.entries[truth.head :])
    core.take(on.Opened(a))
    assert core.last == ()
    assert timeline(core.app).turns[-1].parts[0].text == "one two "


def test_L19_thread_whose_view_is_gone_is_restored_from_the_store_alone() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = leader(truth, truth.head, b)
    core.take(on.Opened(a))
    core.take(on.WindowRead(core.only(do.ReadWindow).ticket, truth.at().windows[a]))
    assert timeline(core.app).state == "fresh"
    assert not core.some(do.FetchHistory)


def test_L19_opening_again_while_it_is_read_asks_once() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = leader(truth, truth.head, b)
    for thread in (a, b, a, a):
        core.take(on.Opened(thread))
    asked = [effect for effect in core.all if isinstance(effect, do.ReadWindow)]
    assert len(asked) == 1


def test_L17_thread_without_a_window_shows_a_placeholder_and_never_another_thread() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = leader(truth, truth.head, b)
    core.take(on.Opened(a))
    shown = timeline(core.app)
    assert (shown.thread, shown.state, shown.turns) == (a, "loading", ())


def test_window_that_the_store_has_lost_is_fetched() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = leader(truth, truth.head, b)
    core.take(on.Opened(a))
    core.take(on.WindowRead(core.only(do.ReadWindow).ticket, None))
    core.take(truth.history(core.only(do.FetchHistory).ticket, a))
    assert core.app.known.windows[a] == replace(truth.at().windows[a], read_at=truth.head)


def test_follower_shows_the_stores_window_as_a_saved_copy_and_fetches() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = follower(truth, truth.head, b)
    core.take(on.Opened(a))
    core.take(on.WindowRead(core.only(do.ReadWindow).ticket, truth.at().windows[a]))
    assert timeline(core.app).state == "saved"
    assert timeline(core.app).turns
    assert core.some(do.FetchHistory)


@pytest.mark.parametrize("typed", ["../../healthz", "1", "x" * 500, "\ud800"])
def test_L24_address_that_names_no_thread_asks_nobody(typed: str) -> None:
    truth = truth_of(two_threads()[0])
    core = leader(truth, truth.head)
    core.take(on.Opened(typed))
    assert core.last == ()
    assert timeline(core.app).state == "missing"


def test_thread_that_is_not_there_is_missing_and_asked_for_once() -> None:
    truth = truth_of(two_threads()[0])
    core = leader(truth, truth.head)
    core.take(on.Opened(counted_id(777)))
    core.take(on.HistoryFailed(core.only(do.FetchHistory).ticket, 404))
    assert timeline(core.app).state == "missing"
    core.take(on.Opened(counted_id(777)))
    assert core.last == ()


# --- threads that grow out of sight ---


def test_L15_leader_reads_a_thread_that_grows_out_of_sight_and_loses_no_entry() -> None:
    script, a, b = two_threads()
    seen = len(script.entries)
    grow(script, a, "two ")
    script.change_thread(b, title="B2")
    grow(script, a, "three ")
    truth = truth_of(script)
    core = leader(truth, seen, b)
    core.entries(truth.entries[seen])
    ticket = core.only(do.ReadWindow).ticket
    core.entries(*truth.after(seen + 1))
    core.take(on.WindowRead(ticket, truth.at(seen).windows[a]))
    assert core.app.known == truth.at()
    assert not [effect for effect in core.all if isinstance(effect, do.FetchHistory)]


def test_follower_leaves_threads_out_of_sight_to_the_leader() -> None:
    script, a, b = two_threads()
    seen = len(script.entries)
    grow(script, a, "two ")
    core = follower(truth_of(script), seen, b)
    core.peer_entries(*script.entries[seen:])
    assert not core.some(do.ReadWindow)
    assert not core.some(do.FetchHistory)


def test_L15_saved_copy_that_grows_out_of_sight_is_read_again() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = leader(truth, truth.head, a)
    core.take(on.StreamReset(core.generation, truth.bootstrap()))
    core.take(on.HistoryFailed(core.only(do.FetchHistory).ticket, 0))
    core.take(on.Opened(b))
    core.take(on.StreamCaughtUp(core.generation, 0))
    grow(script, a, "two ")
    core.entries(*script.entries[truth.head :])
    assert core.only(do.FetchHistory).thread == a


# --- failures ---


@pytest.mark.parametrize("status", [0, 500, 503])
def test_reading_that_got_no_answer_is_asked_again_in_time_and_not_at_every_entry(status) -> None:
    script, a, _ = two_threads()
    seen = len(script.entries)
    grow(script, a, *"12345")
    truth = truth_of(script)
    core = leader(truth, seen, marks=set())
    core.take(on.Opened(a))
    core.take(on.HistoryFailed(core.only(do.FetchHistory).ticket, status))
    for entry in truth.after(seen):
        core.entries(entry)
        assert not core.some(do.FetchHistory)
    core.now = core.app.retry_ms
    core.take(on.Woke())
    core.take(truth.history(core.only(do.FetchHistory).ticket, a))
    assert timeline(core.app).state == "fresh"
    assert core.app.retry_ms is None


def test_person_who_opens_the_thread_again_does_not_wait_for_that() -> None:
    script, a, b = two_threads()
    truth = truth_of(script)
    core = leader(truth, truth.head, marks=set())
    core.take(on.Opened(a))
    core.take(on.HistoryFailed(core.only(do.FetchHistory).ticket, 0))
    core.take(on.Opened(b), on.Opened(a))
    assert core.only(do.FetchHistory).thread == a


def test_reading_under_which_too_much_came_is_read_again() -> None:
    script, a, _ = two_threads()
    seen = len(script.entries)
    grow(script, a, *["x"] * (PARKED_ENTRIES_MAX + 1))
    truth = truth_of(script)
    core = leader(truth, seen, marks=set())
    core.take(on.Opened(a))
    ticket = core.only(do.FetchHistory).ticket
    core.entries(*truth.after(seen))
    core.take(truth.history(ticket, a, seen))
    core.take(truth.history(core.only(do.FetchHistory).ticket, a))
    assert sources(core.app) == texts_of(truth, a)


# --- earlier pages ---


def long_thread() -> tuple[Truth, str]:
    script = Script()
    thread = script.create_thread()
    for n in range(6):
        reply = script.send(thread, f"question {n}")
        script.start(reply)
        piece = script.start_part(reply)
        script.delta(reply, piece, f"answer {n}")
        script.end_run(reply)
    return truth_of(script), thread


def test_earlier_page_is_put_above_what_is_held() -> None:
    truth, thread = long_thread()
    core = leader(truth, truth.head, marks=set())
    core.take(on.Opened(thread))
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread, limit=5))
    held = timeline(core.app).turns
    core.take(on.EarlierWanted())
    asked = core.only(do.FetchHistory)
    core.take(truth.history(asked.ticket, thread, before=asked.before, limit=5))
    assert timeline(core.app).turns[-5:] == held
    assert len(timeline(core.app).turns) == 10
    assert timeline(core.app).has_earlier
    core.take(on.EarlierWanted())
    asked = core.only(do.FetchHistory)
    core.take(truth.history(asked.ticket, thread, before=asked.before, limit=5))
    assert not timeline(core.app).has_earlier
    assert sources(core.app) == texts_of(truth, thread)
    core.take(on.EarlierWanted())
    assert core.last == ()


def test_L20_earlier_page_that_was_read_late_replaces_nothing_that_is_held() -> None:
    truth, thread = long_thread()
    core = leader(truth, truth.head, marks=set())
    core.take(on.Opened(thread))
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread, limit=5))
    core.take(on.EarlierWanted())
    asked = core.only(do.FetchHistory)
    page = truth.history(asked.ticket, thread, limit=12)
    emptied = tuple(replace(message, parts=()) for message in page.messages)
    core.take(replace(page, messages=emptied))
    assert all(turn.parts for turn in timeline(core.app).turns[-5:])


def test_earlier_page_asked_for_instead_of_a_fresh_one_does_not_leave_a_saved_copy() -> None:
    truth, thread = long_thread()
    core = leader(truth, truth.head, marks=set())
    core.take(on.Opened(thread))
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread, limit=5))
    core.take(on.StreamReset(core.generation, truth.bootstrap()))
    core.take(on.EarlierWanted())
    asked = core.only(do.FetchHistory)
    core.take(truth.history(asked.ticket, thread, before=asked.before, limit=5))
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread))
    assert timeline(core.app).state == "fresh"


def test_earlier_page_whose_message_was_deleted_does_not_make_the_thread_missing() -> None:
    truth, thread = long_thread()
    core = leader(truth, truth.head, marks=set())
    core.take(on.Opened(thread))
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread, limit=5))
    core.take(on.EarlierWanted())
    core.take(on.HistoryFailed(core.only(do.FetchHistory).ticket, 410))
    assert timeline(core.app).turns


# --- properties ---


@given(scripts, st.data())
def test_L19_window_equals_the_fold_of_everything_wherever_its_history_was_read(script, data):
    """Open a thread at any place of any journal; let its history be read at any cursor from
    there on and arrive after any number of further entries: no gap, no overlap."""
    truth = truth_of(script)
    opened = data.draw(st.integers(1, truth.head), label="opened at")
    names = sorted(truth.at(opened).threads)
    if not names:
        return
    thread = data.draw(st.sampled_from(names), label="thread")
    read = data.draw(st.integers(opened, truth.head), label="history read at")
    arrives = data.draw(st.integers(opened, truth.head), label="history arrives at")
    core = leader(truth, opened, marks=set())
    core.take(on.Opened(thread))
    ticket = core.only(do.FetchHistory).ticket
    for entry in truth.after(opened, arrives):
        core.entries(entry)
    core.take(truth.history(ticket, thread, read))
    for entry in truth.after(arrives):
        core.entries(entry)
    assert core.app.known.threads == truth.at().threads
    window, true = core.app.known.windows.get(thread), truth.at().windows.get(thread)
    assert (window is None) == (true is None)
    if window is not None and window.fresh:
        path = [turn.id for turn in timeline(core.app).turns]
        assert {name: window.messages[name] for name in path} == {
            name: true.messages[name] for name in path
        }
        assert timeline(core.app).turns == timeline(leader(truth, truth.head, thread).app).turns


@given(scripts, st.data())
def test_L19_window_equals_the_fold_of_everything_when_it_comes_from_the_store(script, data):
    """The same, for threads that the leader's store holds and that grow out of sight."""
    truth = truth_of(script)
    begun = data.draw(st.integers(1, truth.head), label="store written at")
    core = leader(truth, begun)
    asked = []
    for entry in truth.after(begun):
        core.entries(entry)
        asked += core.some(do.ReadWindow)
        if asked and data.draw(st.booleans(), label="a read ends"):
            one = asked.pop(0)
            core.take(on.WindowRead(one.ticket, truth.at(begun).windows.get(one.thread)))
    for one in asked:
        core.take(on.WindowRead(one.ticket, truth.at(begun).windows.get(one.thread)))
    assert not [effect for effect in core.all if isinstance(effect, do.FetchHistory)]
    assert core.app.known.threads == truth.at().threads
    for name, window in core.app.known.windows.items():
        assert window.messages == truth.at().windows[name].messages
        assert window.fresh


def test_L20_history_that_was_read_late_replaces_no_newer_row() -> None:
    script, a, _ = two_threads()
    read = len(script.entries)
    script.change_thread(a, title="newer")
    truth = truth_of(script)
    core = leader(truth, read, marks=set())
    core.take(on.Opened(a))
    ticket = core.only(do.FetchHistory).ticket
    core.entries(*truth.after(read))
    row = truth.at(read).threads[a]
    unparked = replace(core.app.history.flights[a], parked=())
    core.app = replace(core.app, history=replace(core.app.history, flights={a: unparked}))
    core.take(replace(truth.history(ticket, a, read), thread=row))
    assert core.app.known.threads[a].title == "newer"
