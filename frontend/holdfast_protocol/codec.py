"""Entries, threads and messages as JSON objects: strict out, tolerant in.

Out, a value that does not fit its declared shape is our own bug and raises. In, unknown fields
are ignored, an unknown entry type becomes `Unknown` and keeps its record, and whatever else does
not fit raises MalformedEntry with the field named. Bytes and text are the caller's business:
these functions deal in what `json.loads` returns.
"""

from collections.abc import Mapping
from typing import Any

from holdfast_protocol.errors import MalformedEntry
from holdfast_protocol.events import EVENT_TYPES, Entry, Unknown
from holdfast_protocol.shapes import (
    FAILURE,
    PART,
    READ_MARK,
    Shape,
    Spec,
    flag,
    id_or_none,
    identifier,
    mapping_or_none,
    nothing_or,
    number,
    one_of,
    record,
    record_out,
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
    RunMark,
    Thread,
)

_RUN: Shape = {"thread": Spec(identifier), "message": Spec(identifier), "run": Spec(identifier)}


def _notify(value: object) -> Any:
    if value is True or isinstance(value, str):
        return value
    raise ValueError("is neither true nor a reason")


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
        "status": Spec(one_of(STATUSES)),
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
    """Return the entry as one flat JSON object, fields at their default left out."""
    event = entry.event
    head: dict[str, Any] = {"seq": entry.seq, "at": entry.at, "type": entry.type}
    if isinstance(event, Unknown):
        return {**event.fields, **head}
    if event.TYPE == "account.changed":
        return {**head, **event.changes}
    if event.TYPE == "thread.changed":
        return {**head, "thread": event.thread, **record_out(event.changes)}
    for name, spec in EVENT_SHAPES[event.TYPE].items():
        value = getattr(event, name)
        if value != spec.default:
            head[name] = record_out(value)
    return head


def decode_entry(obj: object) -> Entry:
    """Return the entry that `obj` records. Raises MalformedEntry."""
    if not isinstance(obj, dict):
        raise MalformedEntry(f"an entry is an object, not {type(obj).__name__}")
    seq, at, kind = obj.get("seq"), obj.get("at"), obj.get("type")
    if type(seq) is not int or seq < 1 or type(at) is not int or not isinstance(kind, str):
        raise MalformedEntry("an entry needs seq >= 1, at and type")
    cls = EVENT_TYPES.get(kind)
    if cls is None:
        return Entry(seq, at, Unknown(obj))
    if kind == "account.changed":
        changed = {name: obj[name] for name in obj if name not in ("seq", "at", "type")}
        return Entry(seq, at, cls(changed))
    where = f"entry {seq} ({kind})"
    if kind == "thread.changed":
        shape = {name: spec for name, spec in CHANGE_SHAPES.items() if name in obj}
        thread = record({"thread": Spec(identifier)}, dict, obj, where)["thread"]
        return Entry(seq, at, cls(thread, record(shape, dict, obj, where)))
    return Entry(seq, at, record(EVENT_SHAPES[kind], cls, obj, where))


_MESSAGE: Shape = {
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


def _run_mark(value: object) -> RunMark:
    shape = {"message": Spec(identifier), "status": Spec(one_of(STATUSES))}
    return record(shape, RunMark, value, "a run mark")


_THREAD: Shape = {
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
    "runs": Spec(tuple_of(_run_mark), ()),
}


def encode_thread(thread: Thread) -> dict[str, Any]:
    """Return the thread as a JSON object; `run` is the one of `runs` to show."""
    return {**record_out(thread), "run": record_out(thread.run)}


def decode_thread(obj: object) -> Thread:
    """Return the thread that `obj` records. Raises MalformedEntry."""
    return record(_THREAD, Thread, obj, "a thread")


def encode_part(part: Part) -> dict[str, Any]:
    """Return the part as a JSON object."""
    return record_out(part)


def decode_part(obj: object) -> Part:
    """Return the part that `obj` records. Raises MalformedEntry."""
    return record(PART.shape, Part, obj, "a part")


def encode_message(message: Message) -> dict[str, Any]:
    """Return the message, parts and all, as a JSON object."""
    return record_out(message)


def decode_message(obj: object) -> Message:
    """Return the message that `obj` records. Raises MalformedEntry."""
    return record(_MESSAGE, Message, obj, "a message")
