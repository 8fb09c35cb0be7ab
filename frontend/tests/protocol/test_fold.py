"""The fold over whole journals: every law as a property, over any legal journal (L5, L13, L16)."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.errors import SequenceGap
from holdfast_protocol.events import EVENT_TYPES, Entry, PartDelta, RunEnded, RunEvent, RunStarted
from holdfast_protocol.fold import fold
from holdfast_protocol.state import TERMINAL, State

from .folding import (
    EMPTY,
    entry_through_json,
    fold_all,
    picture,
    renumbered,
    state_through_json,
)
from .script import Turn
from .strategies import any_entries, scripts

places = st.integers(0, 10_000)


@given(scripts)
def test_the_fold_makes_what_the_script_says_happened(script):
    state = fold_all(script.entries)
    assert state.seq == len(script.entries)
    assert {id: thread.title for id, thread in state.threads.items()} == script.titles
    assert {id: thread.leaf for id, thread in state.threads.items()} == script.leaves
    assert state.windows.keys() == state.threads.keys()
    assert not state.strangers
    held = {id: m for window in state.windows.values() for id, m in window.messages.items()}
    assert held.keys() == script.turns.keys()
    for turn in script.turns.values():
        message = held[turn.id]
        assert (message.thread, message.role, message.parent) == (
            *(turn.thread, turn.role, turn.parent),
        )
        assert (message.status, message.run) == (turn.status, turn.run)
        assert [(p.id, p.kind, p.source, p.open, p.outcome) for p in message.parts] == [
            (p.id, p.kind, p.text, p.open, p.outcome) for p in turn.pieces
        ]


@given(scripts)
def test_a_thread_row_lists_exactly_its_unfinished_replies(script):
    for thread in fold_all(script.entries).threads.values():
        listed = sorted((mark.message, mark.status) for mark in thread.runs)
        assert listed == sorted((turn.id, turn.status) for turn in script.unfinished(thread.id))


@given(scripts)
def test_a_thread_row_knows_its_last_entry_and_the_last_about_its_messages(script):
    for id, thread in fold_all(script.entries).threads.items():
        own = [entry for entry in script.entries if entry.thread == id]
        active = [e.seq for e in own if e.type.startswith(("message.", "run.", "thread.created"))]
        assert (thread.version, thread.active) == (own[-1].seq, active[-1])


@given(scripts, st.lists(places, max_size=4))
def test_L5_any_split_folds_the_same_with_the_state_stored_at_every_cut(script, cuts):
    state, marks = EMPTY, {cut % (len(script.entries) + 1) for cut in cuts}
    for at, entry in enumerate(script.entries):
        if at in marks:
            state = state_through_json(state)
        state = fold(state, entry_through_json(entry))
    assert state == fold_all(script.entries)


@given(scripts)
def test_L5_a_late_reader_who_finds_erased_entries_sees_what_a_live_reader_sees(script):
    late = fold_all(script.erased())
    assert picture(late) == picture(fold_all(script.entries))
    assert late.seq == len(script.entries)


@given(scripts, places)
def test_L5_a_reader_who_comes_back_to_erased_entries_sees_what_a_live_reader_sees(script, cut):
    cut %= len(script.entries) + 1
    back = fold_all(script.erased()[cut:], fold_all(script.entries[:cut]))
    assert picture(back) == picture(fold_all(script.entries))


@given(scripts, st.lists(st.tuples(places, places), max_size=5))
def test_L16_duplicates_and_overlaps_change_nothing(script, overlaps):
    entries = list(script.entries)
    state = EMPTY
    for entry in entries:
        state = fold(state, entry)
        for start, length in overlaps:
            for old in entries[start % entry.seq : entry.seq][: length % 20]:
                assert fold(state, old) is state
    assert state == fold_all(entries)


@given(scripts, places, st.integers(2, 10))
def test_L16_a_sequence_gap_raises_and_applies_nothing(script, cut, step):
    cut %= len(script.entries)
    state = fold_all(script.entries[:cut])
    ahead = replace(script.entries[cut], seq=cut + step)
    with pytest.raises(SequenceGap) as raised:
        fold(state, ahead)
    assert (raised.value.expected, raised.value.got) == (cut + 1, cut + step)
    assert state == fold_all(script.entries[:cut])


@given(scripts)
def test_L16_echoes_of_old_runs_and_attempts_change_no_message(script):
    """Every entry of a run, journalled once more after all else: its run has moved on."""
    state = fold_all(script.entries)
    windows = state.windows
    for entry in script.entries:
        turn = script.turns.get(entry.message)
        if turn is not None and isinstance(entry.event, RunEvent) and not _is_restart(entry, turn):
            state = fold(state, replace(entry, seq=state.seq + 1))
            assert state.windows is windows


def _is_restart(entry: Entry, turn: Turn) -> bool:
    """An older run's start looks like a new run's: that the append door alone can tell."""
    started = isinstance(entry.event, RunStarted) and entry.event.run != turn.run
    return started and turn.status in TERMINAL


@given(scripts, st.data())
def test_L10_however_deltas_are_cut_the_picture_is_the_same(script, data):
    recut: list[Entry] = []
    for entry in script.entries:
        event = entry.event
        if isinstance(event, PartDelta):
            at = data.draw(st.integers(0, len(event.text)))
            rest = replace(event, offset=event.offset + at, text=event.text[at:])
            recut += [
                replace(entry, event=replace(event, text=event.text[:at])),
                replace(entry, event=rest),
            ]
        else:
            recut.append(entry)
    assert picture(fold_all(renumbered(recut))) == picture(fold_all(script.entries))


@given(scripts, st.data())
def test_L16_deltas_that_overlap_what_is_there_add_only_what_is_new(script, data):
    """Each delta is sent with any amount of the text before it, as a resend may be."""
    again: list[Entry] = []
    texts: dict[str, str] = {}
    for entry in script.entries:
        event = entry.event
        if isinstance(event, PartDelta):
            back = data.draw(st.integers(0, event.offset))
            whole = texts.get(event.part, "")[back:] + event.text
            texts[event.part] = texts.get(event.part, "") + event.text
            entry = replace(entry, event=replace(event, offset=back, text=whole))
        again.append(entry)
    assert fold_all(again) == fold_all(script.entries)


@given(scripts)
def test_things_that_an_entry_does_not_touch_keep_their_identity(script):
    state = EMPTY
    for entry in script.entries:
        after = fold(state, entry)
        for id in state.threads.keys() - {entry.thread}:
            assert after.threads[id] is state.threads[id]
            assert after.windows[id] is state.windows[id]
        if entry.thread is None:
            assert after == replace(state, seq=entry.seq)
            assert after.threads is state.threads
            assert after.windows is state.windows
        elif entry.thread in state.windows and entry.thread in after.windows:
            _assert_untouched_kept(state, after, entry)
        assert after.strangers is state.strangers
        state = after


def _assert_untouched_kept(state: State, after: State, entry: Entry) -> None:
    old, new = state.windows[entry.thread], after.windows[entry.thread]
    if entry.message is None:
        assert new is old
    for id in old.messages.keys() - {entry.message}:
        assert new.messages[id] is old.messages[id]
    if entry.message in old.messages and entry.message in new.messages:
        part = getattr(entry.event, "part", None)
        pairs = zip(
            old.messages[entry.message].parts, new.messages[entry.message].parts, strict=False
        )
        for was, now in pairs:
            closed_by_end = isinstance(entry.event, RunEnded) and was.open
            assert now is was or was.id == part or closed_by_end


@given(scripts)
def test_L6_a_terminal_message_has_no_open_part_and_no_tool_without_outcome(script):
    state = EMPTY
    for entry in script.entries:
        state = fold(state, entry)
        for window in state.windows.values():
            for message in window.messages.values():
                if message.is_terminal:
                    assert not any(part.open for part in message.parts)
                    assert all(p.outcome for p in message.parts if p.kind == "tool")


@given(scripts, st.lists(any_entries, max_size=8))
def test_L24_the_fold_survives_any_well_formed_entries_in_any_order(script, strange):
    """What no door would let through changes this or that, but breaks nothing."""
    state = fold_all(script.entries)
    for entry in strange:
        before = state
        state = fold(state, replace(entry, seq=state.seq + 1))
        assert state.seq == before.seq + 1
    assert state_through_json(state).threads == state.threads


@given(scripts)
def test_folding_never_changes_what_it_was_given(script):
    cut = len(script.entries) // 2
    state = fold_all(script.entries[:cut])
    copy = state_through_json(state)
    fold_all(script.entries[cut:], state)
    assert state == copy


def test_the_scripts_hold_every_type_and_what_makes_folding_hard():
    seen: Counter[str] = Counter()

    @given(scripts)
    def count(script):
        seen.update({entry.type for entry in script.entries})
        starts = [e.event for e in script.entries if isinstance(e.event, RunStarted)]
        deltas = [e.event for e in script.entries if isinstance(e.event, PartDelta)]
        seen["a later attempt"] += any(start.attempt > 1 for start in starts)
        seen["a message with two runs"] += len({s.message for s in starts}) < len(
            {s.run for s in starts}
        )
        seen["two runs at once"] += len({delta.run for delta in deltas}) > 1
        seen["an offset past an astral character"] += any(
            delta.offset and "\U0001f600" in delta.text for delta in deltas
        )

    count()
    rare = {what: times for what, times in seen.items() if times < 3}
    assert not rare
    assert seen.keys() >= EVENT_TYPES.keys() - {"erased"} | {"comet.seen"}
