"""Entries, threads and messages as JSON objects: strict out, tolerant in.

Out, a value that does not fit its declared shape is our own bug and raises UnfitValue. In,
unknown fields are ignored, an unknown entry type becomes `Unknown` and keeps its record, and
whatever else does not fit raises MalformedEntry with the field named. Bytes and text are the
caller's business: these functions deal in what `json.loads` returns.

Law L24, its half in the codec: a record can be refused, and can break nothing.
"""

from collections.abc import Mapping
from typing import Any

from holdfast_protocol.errors import MalformedEntry, UnfitValue
from holdfast_protocol.events import EVENT_TYPES, Entry, Unknown
from holdfast_protocol.shapes import (
    FAILURE,
    PART,
    READ_MARK,
    RUN_MARK,
    Shape,
    Spec,
    fit,
    flag,
    id_or_none,
    identifier,
    mapping,
    mapping_or_none,
    nothing_or,
    number,
    one_of,
    record,
    record_out,
    shape_out,
    text,
    text_or_none,
    tuple_of,
)
from holdfast_protocol.state import (
    OUTCOMES,
    PART_KINDS,
    ROLES,
    STATUSES,
    TERMINAL,
    Message,
    Part,
    Thread,
)

_ID = Spec(identifier)
_FREE = Spec(mapping)
_RUN: Shape = {"thread": _ID, "message": _ID, "run": _ID}


def _sequence(value: object) -> int:
    if value == 0:
        raise ValueError("is 0: the first entry has 1")
    return number(value)


def _type(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is not text")
    return value


HEAD_SHAPE: Shape = {"seq": Spec(_sequence), "at": Spec(number), "type": Spec(_type)}
"""What every entry has. An unknown type is kept as it came, so its name is not cleaned."""


def _notify(value: object) -> Any:
    if value is True or isinstance(value, str):
        return value
    raise ValueError("is neither true nor a reason")


_BORN = STATUSES - {"streaming"}
"""What a message may be at its creation: only a run makes one streaming."""

EVENT_SHAPES: Mapping[str, Shape] = {
    "thread.created": {
        "thread": Spec(identifier),
        "title": Spec(text),
        "model": Spec(text_or_none, None),
        "instructions": Spec(text_or_none, None),
    },
    "thread.deleted": {"thread": Spec(identifier)},
    "message.created": {
        "thread": Spec(identifier),
        "message": Spec(identifier),
        "role": Spec(one_of(ROLES)),
        "parent": Spec(id_or_none),
        "status": Spec(one_of(_BORN)),
        "model": Spec(text_or_none, None),
        "parts": Spec(tuple_of(PART), ()),
        "run": Spec(id_or_none, None),
    },
    "message.changed": {
        "thread": Spec(identifier),
        "message": Spec(identifier),
        "status": Spec(nothing_or(one_of(frozenset({"queued", "pending"}))), None),
        "model": Spec(text_or_none, None),
    },
    "message.deleted": {
        "thread": Spec(identifier),
        "message": Spec(identifier),
        "leaf": Spec(id_or_none, None),
    },
    "run.started": {**_RUN, "attempt": Spec(number)},
    "part.started": {
        **_RUN,
        "part": Spec(identifier),
        "kind": Spec(one_of(PART_KINDS)),
        "name": Spec(text_or_none, None),
    },
    "part.delta": {
        **_RUN,
        "part": Spec(identifier),
        "offset": Spec(number),
        "text": Spec(text),
    },
    "part.ended": {
        **_RUN,
        "part": Spec(identifier),
        "kind": Spec(one_of(PART_KINDS)),
        "outcome": Spec(nothing_or(one_of(OUTCOMES)), None),
        "result": Spec(text_or_none, None),
    },
    "run.ended": {
        **_RUN,
        "status": Spec(one_of(TERMINAL)),
        "notify": Spec(_notify),
        "error": Spec(nothing_or(FAILURE), None),
        "usage": Spec(mapping_or_none, None),
    },
    "erased": {},
}
"""The record shapes. `thread.changed` and `account.changed` carry just what changed."""

CHANGE_SHAPES: Shape = {
    "title": Spec(text),
    "muted": Spec(flag),
    "pinned": Spec(flag),
    "archived": Spec(flag),
    "read_through": Spec(nothing_or(READ_MARK)),
    "model": Spec(text_or_none),
    "instructions": Spec(text_or_none),
    "leaf": Spec(id_or_none),
}
"""What `thread.changed` may change; anything else in it is ignored."""


def encode_entry(entry: Entry) -> dict[str, Any]:
    """Return the entry as one flat JSON object, fields at their default left out.

    Raises UnfitValue.
    """
    event = entry.event
    where = f"entry {entry.seq} ({entry.type})"
    head = {name: fit(spec, name, getattr(entry, name), where) for name, spec in HEAD_SHAPE.items()}
    if isinstance(event, Unknown):
        return {**event.fields, **head}
    if event.TYPE == "account.changed":
        return {**fit(_FREE, "changes", event.changes, where), **head}
    if event.TYPE == "thread.changed":
        head["thread"] = fit(_ID, "thread", event.thread, where)
        return {**head, **_changes_out(event.changes, where)}
    for name, spec in EVENT_SHAPES[event.TYPE].items():
        value = getattr(event, name)
        if value != spec.default:
            head[name] = fit(spec, name, value, where)
    return head


def _changes_out(changes: Mapping[str, Any], where: str) -> dict[str, Any]:
    strange = changes.keys() - CHANGE_SHAPES.keys()
    if strange:
        raise UnfitValue(f"cannot write {where}: {', '.join(sorted(strange))} cannot change")
    return {name: fit(CHANGE_SHAPES[name], name, value, where) for name, value in changes.items()}


def decode_entry(obj: object) -> Entry:
    """Return the entry that `obj` records. Raises MalformedEntry."""
    if not isinstance(obj, dict):
        raise MalformedEntry(f"an entry is an object, not {type(obj).__name__}")
    seq, at, kind = record(HEAD_SHAPE, _head, obj, "an entry")
    cls = EVENT_TYPES.get(kind)
    if cls is None:
        return Entry(seq, at, Unknown(obj))
    where = f"entry {seq} ({kind})"
    if kind == "account.changed":
        changes = {name: obj[name] for name in obj if name not in HEAD_SHAPE}
        return Entry(seq, at, record({"changes": _FREE}, cls, {"changes": changes}, where))
    if kind == "thread.changed":
        shape = {name: spec for name, spec in CHANGE_SHAPES.items() if name in obj}
        thread = record({"thread": _ID}, dict, obj, where)["thread"]
        return Entry(seq, at, cls(thread, record(shape, dict, obj, where)))
    return Entry(seq, at, record(EVENT_SHAPES[kind], cls, obj, where))


def _head(seq: int, at: int, type: str) -> tuple[int, int, str]:
    return seq, at, type


MESSAGE_SHAPE: Shape = {
    "id": Spec(identifier),
    "thread": Spec(identifier),
    "parent": Spec(id_or_none),
    "role": Spec(one_of(ROLES)),
    "status": Spec(one_of(STATUSES)),
    "seq": Spec(number),
    "parts": Spec(tuple_of(PART), ()),
    "model": Spec(text_or_none, None),
    "created_at": Spec(nothing_or(number), None),
    "started_at": Spec(nothing_or(number), None),
    "ended_at": Spec(nothing_or(number), None),
    "error": Spec(nothing_or(FAILURE), None),
    "usage": Spec(mapping_or_none, None),
    "run": Spec(id_or_none, None),
    "attempt": Spec(number, 0),
}


THREAD_SHAPE: Shape = {
    "id": Spec(identifier),
    "title": Spec(text),
    "created_at": Spec(number),
    "version": Spec(number),
    "active": Spec(number),
    "leaf": Spec(id_or_none, None),
    "pinned": Spec(flag, False),
    "muted": Spec(flag, False),
    "archived": Spec(flag, False),
    "model": Spec(text_or_none, None),
    "instructions": Spec(text_or_none, None),
    "read_through": Spec(nothing_or(READ_MARK), None),
    "runs": Spec(tuple_of(RUN_MARK), ()),
}


def encode_thread(thread: Thread) -> dict[str, Any]:
    """Return the thread as a JSON object; `run` is the one of `runs` to show.

    Raises UnfitValue.
    """
    return {**shape_out(THREAD_SHAPE, thread, "a thread"), "run": record_out(thread.run)}


def decode_thread(obj: object) -> Thread:
    """Return the thread that `obj` records. Raises MalformedEntry."""
    return record(THREAD_SHAPE, Thread, obj, "a thread")


def encode_part(part: Part) -> dict[str, Any]:
    """Return the part as a JSON object. Raises UnfitValue."""
    return shape_out(PART.shape, part, "a part")


def decode_part(obj: object) -> Part:
    """Return the part that `obj` records. Raises MalformedEntry."""
    return record(PART.shape, Part, obj, "a part")


def encode_message(message: Message) -> dict[str, Any]:
    """Return the message, parts and all, as a JSON object. Raises UnfitValue."""
    return shape_out(MESSAGE_SHAPE, message, "a message")


def decode_message(obj: object) -> Message:
    """Return the message that `obj` records. Raises MalformedEntry."""
    return record(MESSAGE_SHAPE, Message, obj, "a message")
