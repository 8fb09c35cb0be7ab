"""One connection per browser: who leads, who follows, and how a follower catches up (L21)."""

from dataclasses import replace

import pytest

from frontend.tests.core.driving import Core, follower, leader
from frontend.tests.core.truth import ELSEWHERE, PLACE, truth_of
from frontend.tests.protocol.script import Script
from holdfast_protocol.limits import PARKED_ENTRIES_MAX
from holdfast_protocol.state import State
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.select import timeline

ASK = do.Tell({"type": "ask"})


def journal() -> tuple[Script, str, int]:
    """A streaming thread; the sequence before its last three deltas."""
    script = Script()
    reply = script.send(script.create_thread("A"))
    script.start(reply)
    piece = script.start_part(reply)
    seen = len(script.entries)
    for text in ("one ", "two ", "three "):
        script.delta(reply, piece, text)
    return script, reply.thread, seen


def test_L21_follower_opens_no_connection_whatever_happens() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    core.peer_entries(*truth.after(seen))
    core.take(on.Shown(), on.NetworkChanged(True), on.Woke(), on.PeerStored(9, True))
    assert not [e for e in core.all if isinstance(e, do.OpenStream | do.CloseStream)]
    assert core.app.known == truth.at()


def test_follower_that_missed_something_asks_once_and_keeps_what_comes() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    assert core.peer_entries(truth.entries[seen + 1]) == (ASK,)
    assert core.peer_entries(truth.entries[seen + 2]) == ()
    core.take(on.PeerStored(seen + 1, False))
    assert core.only(do.ReadStore) == do.ReadStore(thread)
    core.take(on.StoreCaughtUp(truth.stored(seen + 1, windows={thread})))
    assert core.app.known == truth.at()
    assert not core.app.is_asking
    assert timeline(core.app).state == "fresh"


def test_L12_what_a_waiting_follower_keeps_is_bounded_and_its_loss_is_asked_for() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    core.peer_entries(truth.entries[seen + 1])
    for _ in range(PARKED_ENTRIES_MAX + 5):
        core.peer_entries(truth.entries[seen + 2])
    assert len(core.app.parked) == PARKED_ENTRIES_MAX
    core.take(on.StoreCaughtUp(truth.stored(seen, windows={thread})))
    assert core.some(do.FetchBootstrap)
    assert core.app.is_asking


def test_follower_whose_leader_cannot_store_goes_on_from_the_server() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    core.peer_entries(truth.entries[seen + 1])
    core.take(on.StoreCaughtUp(None))
    assert core.some(do.FetchBootstrap)
    core.take(on.BootstrapRead(truth.bootstrap(seen)))
    assert core.app.is_asking, "what was read before it was missed does not help"
    core.take(on.BootstrapRead(truth.bootstrap(seen + 2)))
    assert not core.app.is_asking
    assert timeline(core.app).turns
    core.take(truth.history(core.only(do.FetchHistory).ticket, thread, seen + 2))
    assert core.app.known.threads == truth.at(seen + 2).threads


def test_follower_whose_question_nobody_answers_asks_the_server_in_time() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    core.peer_entries(truth.entries[seen + 1])
    core.now = core.app.retry_ms
    core.take(on.Woke())
    assert core.some(do.FetchBootstrap)


def test_L4_entries_of_another_journal_are_never_applied() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    assert core.peer_entries(truth.entries[seen], journal=ELSEWHERE.journal) == (ASK,)
    assert core.app.known == truth.at(seen)
    core.peer_entries(truth.entries[seen], journal=ELSEWHERE.journal)
    moved = replace(truth.stored(0, windows=set()), place=ELSEWHERE, seq=seen + 1)
    core.take(on.StoreCaughtUp(moved))
    assert core.app.place == ELSEWHERE
    assert core.app.known == State(seen + 1)


def test_follower_that_knows_nothing_drops_entries_and_reads_what_the_leader_stored() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = Core()
    core.take(on.Started(None, thread))
    assert core.peer_entries(*truth.entries) == ()
    core.take(on.PeerStored(seen, True))
    assert core.some(do.ReadStore)
    core.take(on.StoreCaughtUp(truth.stored(seen, windows={thread})))
    core.peer_entries(*truth.after(seen))
    assert core.app.known == truth.at()


@pytest.mark.parametrize(("anew", "reads"), [(False, False), (True, True)])
def test_follower_that_is_not_behind_reads_the_store_only_when_it_was_replaced(anew, reads) -> None:
    script, thread, _ = journal()
    truth = truth_of(script)
    core = follower(truth, truth.head, thread)
    core.take(on.PeerStored(truth.head, anew))
    assert bool(core.some(do.ReadStore)) is reads


def test_L17_stale_window_of_the_store_does_not_replace_one_that_is_shown() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    stale = replace(truth.at(3).windows[thread], fresh=False)
    stored = replace(truth.stored(truth.head, windows=set()), windows=(stale,))
    core.take(on.PeerStored(truth.head, True), on.StoreCaughtUp(stored))
    assert timeline(core.app).state == "saved"
    assert len(timeline(core.app).turns) == 2
    assert timeline(core.app).turns[-1].parts


def test_store_that_is_behind_changes_nothing_but_the_marks() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, truth.head, thread)
    known = core.app.known
    core.take(on.PeerStored(seen, True), on.StoreCaughtUp(truth.stored(seen, windows={thread})))
    assert core.app.known is known


# --- leading ---


def test_L21_new_leader_goes_on_from_where_it_stands_and_stores_that() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, truth.head, thread)
    core.take(on.LeadershipGained(truth.stored(seen, windows={thread})))
    assert core.only(do.OpenStream).cursor == PLACE.cursor(truth.head)
    assert core.some(do.Save) == [do.Save(now=True)]
    assert core.app.sync == "catching-up"


def test_L14_new_leader_knows_that_the_stores_windows_miss_what_came_since() -> None:
    script, thread, seen = journal()
    other = script.create_thread("B")
    truth = truth_of(script)
    core = follower(truth, seen, None)
    core.peer_entries(*truth.after(seen))
    core.take(on.LeadershipGained(truth.stored(seen, windows=set())))
    assert {name: mark.fresh for name, mark in core.app.stored.items()} == {thread: False}
    assert other not in core.app.stored
    core.take(on.Opened(thread))
    core.take(on.WindowRead(core.only(do.ReadWindow).ticket, truth.at(seen).windows[thread]))
    assert timeline(core.app).state == "saved"
    assert core.some(do.FetchHistory)


def test_L21_new_leader_that_is_behind_the_store_goes_on_from_the_store() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = follower(truth, seen, thread)
    core.take(on.LeadershipGained(truth.stored(truth.head, windows={thread})))
    assert core.only(do.OpenStream).cursor == PLACE.cursor(truth.head)
    assert core.app.known == truth.at()


def test_L21_tab_that_leads_no_more_closes_its_stream_first_and_listens_to_it_no_more() -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    core.take(on.LeadershipLost())
    assert isinstance(core.last[0], do.CloseStream)
    core.entries(*truth.after(seen))
    assert core.app.known == truth.at(seen)
    core.peer_entries(*truth.after(seen))
    assert core.app.known == truth.at()


def test_leader_answers_who_asks_by_storing_at_once_and_saying_how_it_is() -> None:
    script, thread, _ = journal()
    truth = truth_of(script)
    core = leader(truth, truth.head, thread)
    core.take(on.PeerAsked())
    assert core.last == (do.Save(now=True), do.Tell({"type": "sync", "sync": "live"}))
    following = follower(truth, truth.head, thread)
    following.take(on.PeerAsked())
    assert following.last == ()


@pytest.mark.parametrize("said", [on.PeerSync("offline"), on.PeerStored(1, True)])
def test_leader_listens_to_no_other_leader(said) -> None:
    script, thread, seen = journal()
    truth = truth_of(script)
    core = leader(truth, seen, thread)
    before = core.app
    core.take(said)
    core.peer_entries(*truth.after(seen))
    core.take(on.StoreCaughtUp(truth.stored(truth.head, windows={thread})))
    assert core.app == before
