"""What goes into the local store and what comes out of it (L14, L15, L24)."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.tests.contract.memory_store import Content
from frontend.tests.protocol.script import Script, counted_id
from frontend.tests.protocol.strategies import json_values, scripts
from holdfast_protocol.fold import fold
from holdfast_protocol.state import Message, State, Window
from holdfast_web.core.persist import (
    Saved,
    restore_marks,
    restore_threads,
    restore_window,
    writes,
)

ASTRAL = "\U0001f600"


def carry_out(content: Content, base: Saved, now: Saved) -> tuple[dict, ...]:
    made = writes(base, now)
    for write in made:
        content.apply(write)
    return made


def restored(content: Content) -> tuple[dict, dict]:
    """The threads and windows that a page would read from this store."""
    marks = restore_marks(content.records(None).windows)
    windows = {}
    for name, mark in marks.items():
        records = content.records(name)
        windows[name] = restore_window(mark, records.messages, records.segments)
    threads = {thread.id: thread for thread in restore_threads(content.records(None).threads)}
    return threads, windows


def known_windows(state: State) -> dict[str, Window]:
    return {name: replace(w, messages=dict(w.messages)) for name, w in state.windows.items()}


@given(scripts, st.data())
def test_L14_store_holds_what_is_known_at_every_step_of_any_journal(script, data) -> None:
    """However entries gather between two writes, what is read back is what was known then."""
    content, base, state = Content(), Saved(), State(0)
    for entry in script.entries:
        state = fold(state, entry)
        if data.draw(st.booleans(), label="written here"):
            carry_out(content, base, Saved(state))
            base = Saved(state)
            threads, windows = restored(content)
            assert threads == dict(state.threads)
            assert {n: replace(w, messages=dict(w.messages)) for n, w in windows.items()} == (
                known_windows(state)
            )


@given(scripts, st.data())
def test_L15_open_text_is_written_in_pieces_that_are_never_written_twice(script, data) -> None:
    content, base, state = Content(), Saved(), State(0)
    lengths: dict[tuple[str, str], int] = {}
    for entry in script.entries:
        state = fold(state, entry)
        if not data.draw(st.booleans(), label="written here"):
            continue
        for write in carry_out(content, base, Saved(state)):
            value = write.get("value", {})
            if write.get("put") == "segments":
                key = (value["message"], value["part"])
                assert value["offset"] == lengths.get(key, 0)
                lengths[key] = value["offset"] + len(value["text"])
            if write.get("put") == "messages":
                assert all(not (p["text"] or p["arguments"]) for p in value["parts"] if p["open"])
        base = Saved(state)


@given(scripts)
def test_nothing_is_written_when_nothing_changed(script) -> None:
    state = State(0)
    for entry in script.entries:
        state = fold(state, entry)
    assert writes(Saved(state), Saved(state)) == ()


@given(scripts)
def test_nothing_is_written_over_a_store_that_holds_just_that(script) -> None:
    """What a page read from the store is not the same object, but it is equal."""
    state = State(0)
    for entry in script.entries:
        state = fold(state, entry)
    content = Content()
    carry_out(content, Saved(), Saved(state))
    threads, windows = restored(content)
    assert writes(Saved(State(state.seq, threads, windows)), Saved(state)) == ()


def streaming() -> tuple[Script, Message]:
    script = Script()
    reply = script.send(script.create_thread())
    script.start(reply)
    piece = script.start_part(reply)
    script.delta(reply, piece, ASTRAL * 3)
    return script, reply


def folded(script: Script) -> State:
    state = State(0)
    for entry in script.entries:
        state = fold(state, entry)
    return state


def test_L15_segments_count_code_points() -> None:
    script, reply = streaming()
    content, first = Content(), folded(script)
    carry_out(content, Saved(), Saved(first))
    script.delta(reply, reply.pieces[0], "e\u0301")
    carry_out(content, Saved(first), Saved(folded(script)))
    segments = content.records(reply.thread).segments
    assert [(s["offset"], s["text"]) for s in segments] == [(0, ASTRAL * 3), (3, "e\u0301")]


def test_L15_segments_go_when_their_part_ends() -> None:
    script, reply = streaming()
    content, first = Content(), folded(script)
    carry_out(content, Saved(), Saved(first))
    script.end_part(reply, reply.pieces[0])
    carry_out(content, Saved(first), Saved(folded(script)))
    assert not content.records(reply.thread).segments
    assert restored(content)[1][reply.thread].messages[reply.id].parts[0].text == ASTRAL * 3


def test_deleted_thread_is_cleared_once() -> None:
    script, reply = streaming()
    content, first = Content(), folded(script)
    mark = {reply.thread: first.windows[reply.thread]}
    carry_out(content, Saved(), Saved(first))
    script.delete_thread(reply.thread)
    gone = folded(script)
    assert carry_out(content, Saved(first, mark), Saved(gone))
    assert not any(content.stores.values())
    assert writes(Saved(gone), Saved(gone)) == ()


def test_mark_of_a_thread_that_is_gone_is_not_put_back() -> None:
    script, reply = streaming()
    first = folded(script)
    script.delete_thread(reply.thread)
    mark = replace(first.windows[reply.thread], fresh=False)
    made = writes(Saved(first), Saved(folded(script), {reply.thread: mark}))
    assert not [write for write in made if "put" in write]


def test_L14_window_that_nobody_holds_turns_stale_with_the_entries_it_misses() -> None:
    script, reply = streaming()
    content, first = Content(), folded(script)
    carry_out(content, Saved(), Saved(first))
    marks = restore_marks(content.records(None).windows)
    base = Saved(State(first.seq, first.threads), marks)
    script.delta(reply, reply.pieces[0], "more")
    state = folded(script)
    carry_out(content, base, Saved(State(state.seq, state.threads), marks))
    assert not restore_marks(content.records(None).windows)[reply.thread].fresh
    assert restored(content)[1][reply.thread].messages


def test_reset_turns_stored_windows_into_saved_copies_and_keeps_them() -> None:
    script, reply = streaming()
    content, state = Content(), folded(script)
    carry_out(content, Saved(), Saved(state))
    marks = restore_marks(content.records(None).windows)
    stale = {name: replace(mark, fresh=False) for name, mark in marks.items()}
    unheld = State(state.seq, state.threads)
    carry_out(content, Saved(unheld, marks), Saved(unheld, stale))
    window = restored(content)[1][reply.thread]
    assert not window.fresh
    assert window.messages == state.windows[reply.thread].messages


def test_window_read_anew_replaces_what_an_earlier_one_left() -> None:
    script, reply = streaming()
    content, state = Content(), folded(script)
    carry_out(content, Saved(), Saved(state))
    empty = Window(reply.thread, state.seq)
    carry_out(
        content,
        Saved(State(state.seq, state.threads)),
        Saved(State(state.seq, state.threads, {reply.thread: empty})),
    )
    assert restored(content)[1][reply.thread] == empty


# --- damage ---


def saved_streaming() -> tuple[Content, Script, Message]:
    script, reply = streaming()
    script.delta(reply, reply.pieces[0], "one")
    content, state = Content(), State(0)
    for entry in script.entries:
        carry_out(content, Saved(state), Saved(fold(state, entry)))
        state = fold(state, entry)
    return content, script, reply


def test_L14_lost_segment_makes_a_saved_copy_whose_text_has_no_hole() -> None:
    content, _, reply = saved_streaming()
    first = min(content.stores["segments"])
    del content.stores["segments"][first]
    window = restored(content)[1][reply.thread]
    assert not window.fresh
    assert window.messages[reply.id].parts[0].text == ""


def test_L24_segment_with_half_a_pair_is_cleaned() -> None:
    content, _, reply = saved_streaming()
    for segment in content.stores["segments"].values():
        segment["text"] = "\ud800"
    window = restored(content)[1][reply.thread]
    assert "\ud800" not in window.messages[reply.id].parts[0].text
    json.dumps(writes(Saved(), Saved(State(1, {}, {reply.thread: window}))))


def test_message_of_another_thread_is_left_out() -> None:
    content, _, _reply = saved_streaming()
    for message in content.stores["messages"].values():
        message["thread"] = counted_id(999)
    (mark,) = restore_marks(content.records(None).windows).values()
    window = restore_window(mark, content.stores["messages"].values(), ())
    assert (dict(window.messages), window.fresh) == ({}, False)


@pytest.mark.parametrize("store", ["messages", "segments"])
@given(broken=json_values)
def test_L24_malformed_record_makes_a_saved_copy_and_raises_nothing(store, broken) -> None:
    content, _, reply = saved_streaming()
    records = content.records(reply.thread)
    (mark,) = restore_marks(records.windows).values()
    given = {name: getattr(records, name) for name in ("messages", "segments")}
    given[store] = (*given[store], broken)
    window = restore_window(mark, given["messages"], given["segments"])
    assert not window.fresh
    assert window.messages[reply.id].parts[0].text == ASTRAL * 3 + "one"


@given(st.data())
def test_L24_record_with_one_field_broken_raises_nothing(data) -> None:
    content, _, _reply = saved_streaming()
    store = data.draw(st.sampled_from(["threads", "windows", "messages", "segments"]))
    key = data.draw(st.sampled_from(sorted(content.stores[store])))
    field = data.draw(st.sampled_from(sorted(content.stores[store][key])))
    content.stores[store][key][field] = data.draw(json_values)
    windows = restore_marks(tuple(content.stores["windows"].values()))
    restore_threads(tuple(content.stores["threads"].values()))
    for mark in windows.values():
        messages = tuple(content.stores["messages"].values())
        window = restore_window(mark, messages, tuple(content.stores["segments"].values()))
        writes(Saved(), Saved(State(1, {}, {window.thread: window})))


@given(st.lists(json_values))
def test_L24_records_that_are_nothing_of_ours_restore_nothing(records) -> None:
    assert restore_threads(records) == ()
    assert not restore_marks(records)
