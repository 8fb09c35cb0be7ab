"""What the journal says, applied: once, in order, and never over a gap (L16, L17, L20)."""

from dataclasses import replace

import pytest

from frontend.tests.core.driving import Core, follower, leader, sources
from frontend.tests.core.truth import ELSEWHERE, PLACE, truth_of
from frontend.tests.protocol.script import Script
from holdfast_protocol.errors import SequenceGap
from holdfast_protocol.state import State
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.feed import apply_entries, is_gap
from holdfast_web.core.select import thread_rows, timeline


def streaming() -> tuple[Script, str]:
    """A thread whose answer has begun: the last entry is its first delta."""
    script = Script()
    reply = script.send(script.create_thread("A"), "hello")
    script.start(reply)
    script.delta(reply, script.start_part(reply), "one ")
    return script, reply.thread


def go_on(script: Script, *texts: str) -> None:
    reply = next(turn for turn in script.turns.values() if turn.role == "assistant")
    for text in texts:
        script.delta(reply, reply.pieces[0], text)


def test_L16_duplicates_and_overlaps_change_nothing() -> None:
    script, thread = streaming()
    truth = truth_of(script)
    core = leader(truth, truth.head, thread)
    before = core.app.known
    core.entries(*truth.entries)
    assert core.app.known is before
    assert not core.some(do.Save)


def test_L16_overlap_adds_only_what_is_new() -> None:
    script, thread = streaming()
    seen = len(script.entries)
    go_on(script, "two ", "three ")
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    core.entries(*truth.after(seen - 2))
    assert core.app.known == truth.at()


@pytest.mark.parametrize("missing", [0, 1])
def test_L16_gap_before_or_among_entries_is_never_applied_over(missing: int) -> None:
    script, thread = streaming()
    seen = len(script.entries)
    go_on(script, "two ", "three ", "four ")
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    known, generation = core.app.known, core.generation
    batch = list(truth.after(seen))
    del batch[missing]
    core.entries(*batch)
    assert core.app.known is known
    assert core.some(do.CloseStream)
    assert core.only(do.OpenStream) == do.OpenStream(generation + 1, PLACE.cursor(seen))


def test_L16_gap_that_is_still_there_asks_for_a_reset_instead_of_asking_for_ever() -> None:
    script, thread = streaming()
    seen = len(script.entries)
    go_on(script, "two ", "three ")
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    core.entries(truth.entries[-1])
    core.entries(truth.entries[-1])
    assert core.only(do.OpenStream).cursor is None
    core.take(on.StreamReset(core.generation, truth.bootstrap()))
    assert core.app.gap_at is None


def test_gap_within_entries_raises_with_nothing_applied() -> None:
    script, thread = streaming()
    truth = truth_of(script)
    core = leader(truth, 2, thread)
    with pytest.raises(SequenceGap):
        apply_entries(core.app, (truth.entries[2], truth.entries[4]))


@pytest.mark.parametrize(
    ("known", "batch", "gap"),
    [
        (2, [3, 4], False),
        (2, [1, 2, 3], False),
        (2, [2, 2, 3, 3, 4], False),
        (2, [], False),
        (4, [1, 3], False),
        (2, [4], True),
        (2, [3, 5], True),
        (2, [1, 4], True),
    ],
)
def test_gap_is_whatever_skips_an_entry_that_is_not_known(known, batch, gap) -> None:
    script, thread = streaming()
    go_on(script, "two ")
    truth = truth_of(script)
    app = leader(truth, known, thread).app
    assert is_gap(app, [truth.entries[seq - 1] for seq in batch]) is gap


def test_delta_is_stored_when_it_has_gathered_and_structure_at_once() -> None:
    script, thread = streaming()
    seen = len(script.entries)
    go_on(script, "two ")
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    core.entries(*truth.after(seen))
    assert core.only(do.Save) == do.Save(now=False)
    script.end_run(next(t for t in script.turns.values() if t.role == "assistant"))
    core.entries(*script.entries[truth.head :])
    assert core.only(do.Save) == do.Save(now=True)


def test_what_the_leader_applies_is_told_with_its_journal() -> None:
    script, thread = streaming()
    go_on(script, "two ")
    truth = truth_of(script)
    core = leader(truth, truth.head - 1, thread)
    core.take(on.StreamEntries(core.generation, truth.after(truth.head - 1), "[text]"))
    told = core.only(do.Tell).frame
    assert told == {"type": "entries", "journal": PLACE.journal, "entries": "[text]"}


def test_entries_before_anything_begins_are_dropped() -> None:
    script, _ = streaming()
    core = Core()
    core.take(on.Started(None, None), on.LeadershipGained(None))
    core.entries(*script.entries)
    assert core.app.known == State(0)


# --- reset ---


def test_L17_reset_keeps_what_is_shown_as_a_saved_copy_until_it_was_read_again() -> None:
    script, thread = streaming()
    seen = len(script.entries)
    go_on(script, "two ", "three ")
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    shown = timeline(core.app).turns
    core.take(on.StreamReset(core.generation, truth.bootstrap()))
    assert timeline(core.app).state == "saved"
    assert [turn.parts for turn in timeline(core.app).turns] == [turn.parts for turn in shown]
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread))
    assert timeline(core.app).state == "fresh"
    assert core.app.known.threads == truth.at().threads
    assert core.app.known.windows[thread].messages == truth.at().windows[thread].messages


def test_L17_reset_keeps_the_open_thread_though_the_list_was_too_short_for_it() -> None:
    script, thread = streaming()
    truth = truth_of(script)
    core = leader(truth, truth.head, thread)
    core.take(on.StreamReset(core.generation, replace(truth.bootstrap(), threads=())))
    assert timeline(core.app).state == "saved"
    assert timeline(core.app).turns
    core.take(on.HistoryFailed(core.only(do.FetchHistory).ticket, 404))
    assert timeline(core.app).state == "missing"
    assert not thread_rows(core.app)


def test_reset_marks_what_lies_in_the_store_as_saved_copies_and_forgets_what_is_gone() -> None:
    script, thread = streaming()
    other = script.create_thread("B")
    script.delete_thread(other)
    truth = truth_of(script)
    core = leader(truth, truth.head - 1, None)
    assert set(core.app.stored) == {thread, other}
    core.take(on.StreamReset(core.generation, truth.bootstrap()))
    assert {name: mark.fresh for name, mark in core.app.stored.items()} == {thread: False}
    assert core.only(do.Save) == do.Save(now=True, anew=True)


def test_another_journal_drops_content_and_keeps_what_is_unsent() -> None:
    script, thread = streaming()
    truth = truth_of(script)
    core = leader(truth, truth.head, thread)
    core.take(on.Submitted("more", thread, "m", "r"))
    core.take(on.StreamReset(core.generation, on.Bootstrap(ELSEWHERE, 0, (), core.app.server)))
    assert core.app.known == State(0)
    assert not core.app.stored
    assert [unsent.text for unsent in core.app.unsent.values()] == ["more"]
    assert core.only(do.UsePlace) == do.UsePlace(ELSEWHERE)
    assert core.app.is_leader
    assert core.app.open == thread


def test_reset_kills_every_ticket() -> None:
    script, thread = streaming()
    truth = truth_of(script)
    core = leader(truth, truth.head)
    core.take(on.Opened(thread))
    ticket = core.only(do.ReadWindow).ticket
    core.take(on.StreamReset(core.generation, truth.bootstrap()))
    before = core.app
    core.take(on.WindowRead(ticket, truth.at().windows[thread]))
    assert core.app == before


# --- lists ---


def test_L20_list_replaces_only_rows_that_are_not_newer() -> None:
    script, thread = streaming()
    script.change_thread(thread, title="old")
    old = len(script.entries)
    script.change_thread(thread, title="new")
    truth = truth_of(script)
    core = leader(truth, truth.head, thread)
    core.take(on.BootstrapRead(truth.bootstrap(old)))
    assert core.app.known.threads[thread].title == "new"
    behind = leader(truth, old, thread)
    behind.take(on.BootstrapRead(truth.bootstrap()))
    assert behind.app.known.threads[thread].title == "new"
    assert behind.app.known.seq == old


def test_L20_list_brings_no_deleted_thread_back() -> None:
    script, thread = streaming()
    alive = len(script.entries)
    script.delete_thread(thread)
    truth = truth_of(script)
    core = leader(truth, truth.head)
    core.take(on.BootstrapRead(truth.bootstrap(alive)))
    assert not core.app.known.threads


def test_list_brings_back_a_row_that_the_store_had_lost() -> None:
    script, thread = streaming()
    truth = truth_of(script)
    core = Core()
    stored = replace(truth.stored(truth.head, windows=set()), threads=())
    core.take(on.Started(stored, None), on.BootstrapRead(truth.bootstrap()))
    assert set(core.app.known.threads) == {thread}
    assert [row.unread for row in thread_rows(core.app)] == [False]


def test_list_brings_no_thread_that_the_entries_have_yet_to_create() -> None:
    script, _ = streaming()
    truth = truth_of(script)
    core = leader(truth, 0)
    core.take(on.BootstrapRead(truth.bootstrap()))
    assert not core.app.known.threads


def test_list_of_another_journal_is_left_to_the_stream() -> None:
    script, thread = streaming()
    truth = truth_of(script)
    core = leader(truth, truth.head, thread)
    before = core.app
    core.take(on.BootstrapRead(truth.bootstrap(place=ELSEWHERE)))
    assert core.app == before


# --- threads that were never read ---


@pytest.mark.parametrize("make", [leader, follower])
def test_thread_of_which_no_row_was_read_is_read_with_what_came_meanwhile(make) -> None:
    script, thread = streaming()
    seen = len(script.entries)
    go_on(script, "two ")
    asked = len(script.entries)
    reply = next(turn for turn in script.turns.values() if turn.role == "assistant")
    script.end_run(reply)
    truth = truth_of(script)
    core = make(truth, seen)
    unlisted = State(seen)
    core.app = replace(core.app, known=unlisted, stored={})
    feed = core.entries if core.app.is_leader else core.peer_entries
    feed(*truth.after(seen, asked))
    ticket = core.only(do.FetchHistory).ticket
    feed(*truth.after(asked))
    core.take(truth.history(ticket, thread, asked))
    assert core.app.known.threads == truth.at().threads
    assert sources(core.app) == {
        (message.id, part.id): part.source
        for message in truth.at().windows[thread].messages.values()
        for part in message.parts
    }
    assert not core.app.known.strangers


def test_thread_deleted_while_its_history_was_on_its_way_does_not_come_back() -> None:
    script, thread = streaming()
    seen = len(script.entries)
    go_on(script, "two ")
    asked = len(script.entries)
    script.delete_thread(thread)
    truth = truth_of(script)
    core = leader(truth, seen)
    core.app = replace(core.app, known=State(seen), stored={})
    core.entries(*truth.after(seen, asked))
    ticket = core.only(do.FetchHistory).ticket
    core.entries(*truth.after(asked))
    core.take(truth.history(ticket, thread, asked))
    assert not core.app.known.threads
    assert not core.app.known.windows


def test_deleted_thread_that_is_open_is_missing_and_not_loading() -> None:
    script, thread = streaming()
    seen = len(script.entries)
    script.delete_thread(thread)
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    core.entries(*truth.after(seen))
    assert timeline(core.app).state == "missing"
    assert thread not in core.app.stored
