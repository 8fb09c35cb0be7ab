"""The fold, one case at a time: what each rule means, and its neighbours."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.errors import OffsetGap, PartMissing
from holdfast_protocol.events import (
    Entry,
    Erased,
    Event,
    MessageDeleted,
    PartDelta,
    PartEnded,
    PartStarted,
    RunEnded,
    RunStarted,
    ThreadChanged,
)
from holdfast_protocol.fold import fold, fold_message, fold_part, fold_thread, fold_window, put
from holdfast_protocol.state import Part, State, Window

from .folding import fold_all
from .script import Piece, Script, Turn, counted_id
from .strategies import texts


def streaming(kind: str = "text") -> tuple[Script, Turn, Piece]:
    """A reply being written, with one open part."""
    script = Script()
    turn = script.send(script.create_thread())
    script.start(turn)
    return script, turn, script.start_part(turn, kind)


def entry(state: State, event: Event) -> Entry:
    return Entry(state.seq + 1, 99, event)


def delta(turn: Turn, piece: Piece, offset: int, text: str) -> PartDelta:
    return PartDelta(turn.thread, turn.id, turn.run, piece.id, offset, text)


# --- offsets ---


@pytest.mark.parametrize("kind", ["text", "reasoning", "tool"])
@given(held=texts, new=texts)
def test_L16_offsets_count_code_points(kind, held, new):
    part = replace(Part(counted_id(1), kind, open=True), **{_source(kind): held})
    grown = fold_part(part, _delta_entry(part, len(held), new))
    assert grown.source == held + new
    assert len(grown.source) == len(held) + len(new)


@given(held=texts, new=texts, data=st.data())
def test_L16_an_overlap_adds_only_what_is_new(held, new, data):
    part = Part(counted_id(1), "text", open=True, text=held)
    back = data.draw(st.integers(0, len(held)))
    again = _delta_entry(part, back, held[back:] + new)
    grown = fold_part(part, again)
    assert grown.text == held + new
    assert fold_part(grown, again) is grown


@given(held=texts, ahead=st.integers(1, 9))
def test_L16_an_offset_gap_is_reported_and_not_applied(held, ahead):
    part = Part(counted_id(1), "text", open=True, text=held)
    with pytest.raises(OffsetGap) as raised:
        fold_part(part, _delta_entry(part, len(held) + ahead, "x"))
    assert (raised.value.expected, raised.value.got) == (len(held), len(held) + ahead)


def _source(kind: str) -> str:
    return "arguments" if kind == "tool" else "text"


def _delta_entry(part: Part, offset: int, text: str) -> Entry:
    return Entry(2, 2, PartDelta(*(counted_id(n) for n in (7, 8, 9)), part.id, offset, text))


def test_an_astral_character_is_one_code_point():
    script, turn, piece = streaming()
    script.delta(turn, piece, "\U0001f600")
    held = fold_all(script.entries)
    state = fold(held, entry(held, delta(turn, piece, 1, "!")))
    assert state.windows[turn.thread].messages[turn.id].parts[0].text == "\U0001f600!"


# --- holes ---


def test_L16_an_offset_gap_makes_the_window_a_saved_copy_and_shows_no_hole():
    script, turn, piece = streaming()
    script.delta(turn, piece, "abc")
    state = fold_all(script.entries)
    after = fold(state, entry(state, delta(turn, piece, 5, "fgh")))
    window = after.windows[turn.thread]
    assert not window.fresh
    assert window.messages is state.windows[turn.thread].messages
    assert after.seq == state.seq + 1, "the other threads go on"


def test_L14_a_saved_copy_stays_one_whatever_comes_after():
    script, turn, piece = streaming()
    state = fold_all(script.entries)
    for offset in (5, 0):
        state = fold(state, entry(state, delta(turn, piece, offset, "x")))
    assert not state.windows[turn.thread].fresh


@pytest.mark.parametrize("offset", [0, 4])
def test_L16_a_delta_of_a_part_never_started_is_reported_and_makes_a_saved_copy(offset):
    script, turn, _ = streaming()
    state = fold_all(script.entries)
    stray = entry(state, delta(turn, Piece(counted_id(77), "text"), offset, "x"))
    with pytest.raises(PartMissing, match=r"cannot apply part\.delta to part .*never seen"):
        fold_message(state.windows[turn.thread].messages[turn.id], stray)
    assert not fold(state, stray).windows[turn.thread].fresh


def test_L16_the_end_of_a_part_never_started_makes_a_saved_copy():
    script, turn, _ = streaming()
    state = fold_all(script.entries)
    event = PartEnded(turn.thread, turn.id, turn.run, counted_id(77), "text")
    assert not fold(state, entry(state, event)).windows[turn.thread].fresh


def test_L14_an_entry_applies_to_a_window_iff_it_is_newer_than_what_was_read():
    script, turn, piece = streaming()
    script.delta(turn, piece, "abc")
    read = fold_all(script.entries).windows[turn.thread]
    window = replace(read, read_at=len(script.entries))
    for old in script.entries[1:]:
        assert fold_window(window, old) is window
    old_gap = Entry(window.read_at, 9, delta(turn, piece, 9, "x"))
    assert fold_window(window, old_gap) is window
    newer = Entry(window.read_at + 1, 9, delta(turn, piece, 3, "d"))
    assert fold_window(window, newer).messages[turn.id].parts[0].text == "abcd"


# --- runs ---


def test_L6_the_end_of_a_run_closes_its_open_parts_and_a_tool_without_result_is_unknown():
    script, turn, _ = streaming("text")
    script.start_part(turn, "tool", "clock")
    done = script.start_part(turn, "tool", "clock")
    script.end_part(turn, done, "12:00")
    script.end_run(turn, "interrupted")
    state = fold_all(script.entries)
    message = state.windows[turn.thread].messages[turn.id]
    assert [(p.open, p.outcome, p.result) for p in message.parts] == [
        *[(False, None, None), (False, "unknown", None), (False, "ok", "12:00")],
    ]
    assert [part.ended_at for part in message.parts] == [
        *[message.ended_at, message.ended_at, message.ended_at - 1],
    ]


def test_L6_a_tool_that_ends_without_an_outcome_has_an_unknown_one():
    script, turn, piece = streaming("tool")
    state = fold_all(script.entries)
    event = PartEnded(turn.thread, turn.id, turn.run, piece.id, "tool")
    after = fold(state, entry(state, event))
    assert after.windows[turn.thread].messages[turn.id].parts[0].outcome == "unknown"


def test_L6_a_reply_ends_once_and_nothing_of_its_run_follows():
    script, turn, piece = streaming()
    script.end_run(turn, "stopped")
    state = fold_all(script.entries)
    for event in (
        RunEnded(turn.thread, turn.id, turn.run, "complete", True),
        RunStarted(turn.thread, turn.id, turn.run, 2),
        delta(turn, piece, 0, "late"),
        PartStarted(turn.thread, turn.id, turn.run, counted_id(77), "text"),
    ):
        state = fold(state, entry(state, event))
    message = state.windows[turn.thread].messages[turn.id]
    assert (message.status, [part.text for part in message.parts]) == ("stopped", [""])


def test_L6_a_later_attempt_takes_over_and_an_older_one_changes_nothing():
    script, turn, _ = streaming()
    state = fold_all(script.entries)
    held = state.windows[turn.thread].messages[turn.id]
    for attempt in (0, 1):
        older = entry(state, RunStarted(turn.thread, turn.id, turn.run, attempt))
        assert fold_message(held, older) is held
    later = entry(state, RunStarted(turn.thread, turn.id, turn.run, 2))
    assert fold_message(held, later).attempt == 2


def test_L6_another_run_writes_nothing_into_a_reply():
    script, turn, piece = streaming()
    state = fold_all(script.entries)
    held = state.windows[turn.thread].messages[turn.id]
    other = replace(turn, run=counted_id(77))
    for event in (
        RunStarted(other.thread, other.id, other.run, 9),
        delta(other, piece, 0, "x"),
        PartStarted(other.thread, other.id, other.run, counted_id(78), "text"),
        RunEnded(other.thread, other.id, other.run, "failed", True),
    ):
        assert fold_message(held, entry(state, event)) is held


def test_L8_an_orphan_that_never_began_ends_and_keeps_no_parts():
    script = Script()
    turn = script.send(script.create_thread())
    script.end_run(turn, "interrupted")
    state = fold_all(script.entries)
    assert state.windows[turn.thread].messages[turn.id].status == "interrupted"
    assert state.threads[turn.thread].run is None


def test_continue_goes_on_in_the_same_message_and_forgets_the_old_failure():
    script, turn, piece = streaming()
    script.delta(turn, piece, "half")
    script.end_run(turn, "failed")
    failed = fold_all(script.entries).windows[turn.thread].messages[turn.id]
    script.start(turn, run=script.id())
    going = fold_all(script.entries).windows[turn.thread].messages[turn.id]
    assert (failed.status, failed.error.code) == ("failed", "broke")
    assert (going.status, going.error, going.ended_at) == ("streaming", None, None)
    assert going.started_at == failed.started_at
    assert [part.text for part in going.parts] == ["half"]


def test_a_start_at_time_zero_is_a_start():
    script, turn, _ = streaming()
    held = fold_all(script.entries).windows[turn.thread].messages[turn.id]
    begun = replace(held, started_at=0)
    again = fold_message(begun, Entry(9, 99, RunStarted(turn.thread, turn.id, turn.run, 2)))
    assert again.started_at == 0


# --- threads ---


def test_a_deleted_thread_is_gone_with_its_window():
    script, turn, _ = streaming()
    script.delete_thread(turn.thread)
    state = fold_all(script.entries)
    assert (dict(state.threads), dict(state.windows), state.strangers) == ({}, {}, frozenset())


def test_a_deleted_message_is_gone_and_the_path_ends_where_the_entry_says():
    script, turn, _ = streaming()
    asked = script.turns[turn.parent]
    script.delete_message(asked)
    state = fold_all(script.entries)
    assert dict(state.windows[turn.thread].messages) == {}
    assert state.threads[turn.thread].leaf is None
    assert state.threads[turn.thread].runs == ()


def test_an_entry_of_a_thread_never_read_makes_a_stranger_until_it_is_deleted():
    script, turn, piece = streaming()
    known = State(seq=len(script.entries))
    after = fold(known, entry(known, delta(turn, piece, 0, "x")))
    assert (dict(after.threads), after.strangers) == ({}, {turn.thread})
    script.delta(turn, piece, "x")
    script.delete_thread(turn.thread)
    assert fold_all(script.entries[known.seq :], known).strangers == frozenset()


def test_a_row_that_was_read_later_than_the_entry_is_left_alone():
    script, turn, _ = streaming()
    row = replace(fold_all(script.entries).threads[turn.thread], version=50)
    for old in (*script.entries[1:], Entry(50, 9, ThreadChanged(turn.thread, {"title": "old"}))):
        assert fold_thread(row, old) is row
    assert fold_thread(row, Entry(51, 9, ThreadChanged(turn.thread, {"title": "x"}))).title == "x"


def test_L1_titles_mutes_and_marks_move_the_version_and_not_what_sorting_uses():
    script, turn, _ = streaming()
    before = fold_all(script.entries).threads[turn.thread]
    script.change_thread(turn.thread, title="x", muted=True, pinned=True)
    after = fold_all(script.entries).threads[turn.thread]
    assert (after.version, after.active) == (script.entries[-1].seq, before.active)


def test_entries_about_messages_off_the_page_leave_the_window_alone():
    script, turn, _ = streaming()
    window = Window(turn.thread, read_at=0, has_more=True)
    for old in script.entries[3:]:
        assert fold_window(window, old) is window
    assert fold_window(None, script.entries[-1]) is None


# --- what moves the sequence only ---


def test_L24_unknown_types_erased_entries_and_account_changes_move_only_the_sequence():
    script = streaming()[0]
    state = fold_all(script.entries)
    script.write_unknown()
    script.change_account()
    script.write(Erased())
    after = fold_all(script.entries[state.seq :], state)
    assert after == replace(state, seq=state.seq + 3)
    assert (after.threads, after.windows) == (state.threads, state.windows)


def test_put_sets_one_name_or_takes_it_away_and_keeps_its_identity_if_nothing_changes():
    held = put({}, "a", 1)
    assert put(held, "b", 2) == {"a": 1, "b": 2}
    assert put(held, "a", None) == {}
    assert put(held, "a", 1) is held
    assert put(held, "b", None) is held
    assert held == {"a": 1}


def test_a_message_deleted_that_was_never_read_changes_nothing_but_the_leaf():
    script, turn, _ = streaming()
    state = fold_all(script.entries)
    after = fold(state, entry(state, MessageDeleted(turn.thread, counted_id(77), turn.parent)))
    assert after.windows[turn.thread] is state.windows[turn.thread]
    assert after.threads[turn.thread].leaf == turn.parent
