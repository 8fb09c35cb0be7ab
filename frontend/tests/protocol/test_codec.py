"""The codec: strict out, tolerant in, and bad input is data (L24)."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.codec import (
    CHANGE_SHAPES,
    EVENT_SHAPES,
    HEAD_SHAPE,
    MESSAGE_SHAPE,
    THREAD_SHAPE,
    decode_entry,
    decode_message,
    decode_part,
    decode_thread,
    encode_entry,
    encode_message,
    encode_part,
    encode_thread,
)
from holdfast_protocol.errors import MalformedEntry, UnfitValue
from holdfast_protocol.events import (
    EVENT_TYPES,
    AccountChanged,
    Entry,
    Erased,
    MessageCreated,
    PartDelta,
    RunEnded,
    RunStarted,
    ThreadChanged,
    ThreadCreated,
    Unknown,
)
from holdfast_protocol.limits import NESTING_MAX, NUMBER_MAX
from holdfast_protocol.shapes import PART, REQUIRED
from holdfast_protocol.state import Part
from holdfast_protocol.text import clean

from .script import counted_id
from .strategies import (
    any_entries,
    entries_of,
    json_values,
    messages,
    parts,
    raw_texts,
    threads,
)

A, B, C, D = (counted_id(n) for n in range(1, 5))


def through_json(obj: object) -> object:
    """As it travels: UTF-8 bytes of JSON."""
    return json.loads(json.dumps(obj, ensure_ascii=False, allow_nan=False).encode())


def examples() -> dict[str, dict]:
    """One whole record of each type with a shape of its own."""
    where = {"thread": A, "message": B, "run": C}
    bodies = {
        "thread.created": {"thread": A, "title": "t", "model": "m", "instructions": "i"},
        "thread.deleted": {"thread": A},
        "message.created": {
            "thread": A,
            "message": B,
            "role": "assistant",
            "parent": C,
            "status": "pending",
            "model": "m",
            "parts": [{"id": D, "kind": "text", "text": "x"}],
            "run": D,
        },
        "message.changed": {"thread": A, "message": B, "status": "pending", "model": "m"},
        "message.deleted": {"thread": A, "message": B, "leaf": C},
        "run.started": {**where, "attempt": 1},
        "part.started": {**where, "part": D, "kind": "tool", "name": "clock"},
        "part.delta": {**where, "part": D, "offset": 0, "text": "x"},
        "part.ended": {**where, "part": D, "kind": "tool", "outcome": "ok", "result": "r"},
        "run.ended": {
            **where,
            "status": "failed",
            "notify": True,
            "usage": {"tokens": 3},
            "error": {"code": "c", "message": "m", "retryable": False},
        },
        "erased": {},
    }
    return {kind: {"seq": 7, "at": 9, "type": kind, **body} for kind, body in bodies.items()}


EXAMPLES = examples()
FIELDS = [(kind, name) for kind, shape in EVENT_SHAPES.items() for name in shape]


def test_every_type_has_a_shape_and_every_shape_an_example():
    assert EVENT_SHAPES.keys() | {"thread.changed", "account.changed"} == EVENT_TYPES.keys()
    assert EXAMPLES.keys() == EVENT_SHAPES.keys()
    assert all(EXAMPLES[kind].keys() >= shape.keys() for kind, shape in EVENT_SHAPES.items())


@pytest.mark.parametrize("kind", list(EVENT_TYPES.values()), ids=lambda kind: kind.TYPE)
def test_an_entry_of_every_type_survives_its_way_over_the_wire(kind):
    @given(entries_of(kind))
    def survives(entry):
        assert decode_entry(through_json(encode_entry(entry))) == entry

    survives()


@given(messages, threads, parts)
def test_messages_threads_and_parts_survive_their_way_over_the_wire(message, thread, part):
    assert decode_message(through_json(encode_message(message))) == message
    assert decode_thread(through_json(encode_thread(thread))) == thread
    assert decode_part(through_json(encode_part(part))) == part


@given(raw_texts)
def test_L24_hostile_text_in_a_record_is_cleaned_on_the_way_in(raw):
    record = json.loads(json.dumps({**EXAMPLES["part.delta"], "text": raw}))
    entry = decode_entry(record)
    assert entry.event.text == clean(raw)
    assert decode_entry(through_json(encode_entry(entry))) == entry


@given(st.dictionaries(raw_texts, st.lists(raw_texts, max_size=2), max_size=3))
def test_L24_hostile_text_deep_in_a_free_object_is_cleaned_on_the_way_in(usage):
    entry = decode_entry({**EXAMPLES["run.ended"], "usage": usage})
    changed = decode_entry({"seq": 1, "at": 1, "type": "account.changed", "free": usage})
    expected = {clean(key): [clean(item) for item in items] for key, items in usage.items()}
    assert (entry.event.usage, changed.event.changes) == (expected, {"free": expected})
    through_json([encode_entry(entry), encode_entry(changed)])


# account.changed has no unknown fields: whatever it carries is what changed.
@given(
    any_entries.filter(lambda entry: entry.type != "account.changed"),
    st.dictionaries(st.sampled_from(["later", "x", "😀"]), json_values),
)
def test_unknown_fields_are_ignored(entry, more):
    record = encode_entry(entry)
    assert decode_entry({**more, **record}) == entry


@given(st.dictionaries(raw_texts, json_values), raw_texts)
def test_L24_an_unknown_type_is_kept_and_written_back_unchanged(fields, kind):
    record = {**fields, "seq": 3, "at": 4, "type": "later." + kind}
    entry = decode_entry(record)
    assert isinstance(entry.event, Unknown)
    assert (entry.seq, entry.type, entry.thread) == (3, "later." + kind, None)
    assert json.dumps(encode_entry(entry), sort_keys=True) == json.dumps(record, sort_keys=True)


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_malformed_field_is_named(kind, name):
    with pytest.raises(MalformedEntry, match=rf"^entry 7 \({kind}\): {name}\b"):
        decode_entry({**EXAMPLES[kind], name: {"no": [float("nan")]}})


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_missing_field_is_named_if_it_is_required_and_else_its_default(kind, name):
    record = {key: value for key, value in EXAMPLES[kind].items() if key != name}
    default = EVENT_SHAPES[kind][name].default
    if default is REQUIRED:
        with pytest.raises(MalformedEntry, match=f"{name} is missing"):
            decode_entry(record)
    else:
        assert getattr(decode_entry(record).event, name) == default


@pytest.mark.parametrize("name", list(HEAD_SHAPE))
@pytest.mark.parametrize("value", [None, True, -1, 1.0, [], {}, NUMBER_MAX + 1])
def test_a_malformed_head_is_named(name, value):
    with pytest.raises(MalformedEntry, match=f"^an entry: {name} "):
        decode_entry({**EXAMPLES["erased"], name: value})


def test_the_first_entry_has_1():
    with pytest.raises(MalformedEntry, match="seq is 0"):
        decode_entry({**EXAMPLES["erased"], "seq": 0})


def test_a_malformed_part_inside_a_message_is_named_through():
    record = {**EXAMPLES["message.created"], "parts": [{"id": D, "kind": "video"}]}
    with pytest.raises(
        MalformedEntry, match=r"\(message.created\): parts: a part: kind is none of"
    ):
        decode_entry(record)


@pytest.mark.parametrize("name", list(CHANGE_SHAPES))
def test_a_malformed_change_of_a_thread_is_named(name):
    with pytest.raises(MalformedEntry, match=rf"^entry 7 \(thread.changed\): {name}\b"):
        decode_entry({"seq": 7, "at": 9, "type": "thread.changed", "thread": A, name: {"no": 1}})


def test_a_message_is_not_born_streaming():
    with pytest.raises(MalformedEntry, match="status is none of complete, failed, interrupted"):
        decode_entry({**EXAMPLES["message.created"], "status": "streaming"})


@given(json_values)
def test_L24_no_json_value_whatever_breaks_a_decoder(value):
    for decode in (decode_entry, decode_message, decode_thread, decode_part):
        with pytest.raises(MalformedEntry):
            decode(value)


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_L24_a_record_with_any_value_in_any_field_is_read_or_refused(kind, data):
    name = data.draw(st.sampled_from(sorted(EXAMPLES[kind])))
    record = {**EXAMPLES[kind], name: data.draw(json_values)}
    try:
        entry = decode_entry(record)
    except MalformedEntry:
        return
    if not isinstance(entry.event, Unknown):
        assert decode_entry(through_json(encode_entry(entry))) == entry


@pytest.mark.parametrize(
    ("decode", "shape", "example"),
    [
        (decode_message, MESSAGE_SHAPE, {"id": A, "thread": B, "parent": None, "role": "user"}),
        (decode_thread, THREAD_SHAPE, {"id": A, "title": "", "created_at": 1, "version": 1}),
        (decode_part, PART.shape, {"id": A, "kind": "text"}),
    ],
)
def test_L24_a_stored_record_that_rotted_is_refused_with_the_field_named(decode, shape, example):
    whole = {"status": "complete", "seq": 1, "active": 1, **example}
    decode(whole)
    for name in shape:
        with pytest.raises(MalformedEntry, match=f": {name}\\b"):
            decode({**whole, name: {"no": [float("inf")]}})


def nested(depth: int) -> dict:
    inner: dict = {}
    for _ in range(depth):
        inner = {"in": inner}
    return inner


def test_L12_a_free_object_is_nested_as_deep_as_the_bound_and_no_deeper():
    decode_entry({**EXAMPLES["run.ended"], "usage": nested(NESTING_MAX)})
    for depth in (NESTING_MAX + 1, 100_000):
        with pytest.raises(MalformedEntry, match="usage is nested deeper than 20"):
            decode_entry({**EXAMPLES["run.ended"], "usage": nested(depth)})


def test_L12_numbers_are_those_that_every_reader_reads_alike():
    assert decode_entry({**EXAMPLES["erased"], "at": NUMBER_MAX}).at == NUMBER_MAX
    for number in (NUMBER_MAX + 1, 10**400, -(10**400), float("nan"), float("-inf"), 1e300):
        with pytest.raises(MalformedEntry, match="usage holds a number"):
            decode_entry({**EXAMPLES["run.ended"], "usage": {"n": number}})


GOOD = PartDelta(A, B, C, D, 0, "x")


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        (Entry(0, 1, Erased()), "seq"),
        (Entry(1, -1, Erased()), "at"),
        (Entry(1, 1, replace(GOOD, thread="t")), "thread"),
        (Entry(1, 1, replace(GOOD, offset=-1)), "offset"),
        (Entry(1, 1, replace(GOOD, offset=True)), "offset"),
        (Entry(1, 1, replace(GOOD, text=b"x")), None),
        (Entry(1, 1, replace(GOOD, text="\ud800")), "text is not clean"),
        (Entry(1, 1, replace(GOOD, text="\0")), "text is not clean"),
        (Entry(1, 1, RunStarted(A, B, C, None)), "attempt"),
        (Entry(1, 1, RunEnded(A, B, C, "streaming", True)), "status"),
        (Entry(1, 1, RunEnded(A, B, C, "complete", False)), "notify"),
        (Entry(1, 1, RunEnded(A, B, C, "complete", True, usage={"n": float("nan")})), "usage"),
        (Entry(1, 1, RunEnded(A, B, C, "complete", True, usage={"n": "\0"})), "usage is not"),
        (Entry(1, 1, MessageCreated(A, B, "user", None, "streaming")), "status"),
        (Entry(1, 1, MessageCreated(A, B, "user", None, "complete", parts=("x",))), "parts"),
        (
            Entry(1, 1, MessageCreated(A, B, "user", None, "complete", parts=(Part(A, "no"),))),
            "parts",
        ),
        (Entry(1, 1, ThreadCreated(A, None)), "title"),
        (Entry(1, 1, ThreadChanged(A, {"version": 9})), "version cannot change"),
        (Entry(1, 1, ThreadChanged(A, {"muted": 1})), "muted"),
        (Entry(1, 1, AccountChanged({"theme": {1, 2}})), None),
    ],
)
def test_out_what_does_not_fit_is_our_own_bug_and_raises(entry, names):
    with pytest.raises(UnfitValue if names else TypeError, match=names or "no part of the voc"):
        encode_entry(entry)


def test_out_a_change_of_the_account_cannot_pose_as_the_entry_head():
    entry = Entry(5, 6, AccountChanged({"seq": 1, "type": "erased", "theme": "dark"}))
    assert encode_entry(entry) == {"seq": 5, "at": 6, "type": "account.changed", "theme": "dark"}


def test_out_a_delta_is_exactly_this():
    assert encode_entry(Entry(12, 17, GOOD)) == {
        "seq": 12,
        "at": 17,
        "type": "part.delta",
        "thread": A,
        "message": B,
        "run": C,
        "part": D,
        "offset": 0,
        "text": "x",
    }


@given(threads)
def test_out_a_thread_shows_the_reply_being_written_else_the_first_that_waits(thread):
    shown = encode_thread(thread)["run"]
    streaming = [mark for mark in thread.runs if mark.status == "streaming"]
    first = next(iter([*streaming, *thread.runs]), None)
    assert shown == (first and {"message": first.message, "status": first.status})
