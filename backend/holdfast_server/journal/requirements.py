"""What must hold before a command is carried out; each raises the Refusal that says why not.

Law L9, its home: the same request again is answered as the first time and journals nothing; the
same id with other content is a Conflict; a deleted id is Gone for ever. A request is known by a
digest of all that was asked under one id, so nothing is ever deduplicated by its text.
"""

import hashlib
from typing import Any

from holdfast_protocol.codec import CHANGE_SHAPES
from holdfast_protocol.errors import MalformedEntry
from holdfast_protocol.ids import is_id
from holdfast_protocol.limits import (
    INSTRUCTIONS_CHARS_MAX,
    MESSAGE_CHARS_MAX,
    MODEL_NAME_CHARS_MAX,
    TITLE_CHARS_MAX,
)
from holdfast_protocol.shapes import record_out
from holdfast_protocol.state import Message, Thread
from holdfast_server.journal.decision import Creation, Repetition, Rows
from holdfast_server.journal.json_text import dump
from holdfast_server.journal.refusals import Conflict, Gone, Invalid, NotFound

_CHARS_MAX = {
    "text": MESSAGE_CHARS_MAX,
    "title": TITLE_CHARS_MAX,
    "model": MODEL_NAME_CHARS_MAX,
    "instructions": INSTRUCTIONS_CHARS_MAX,
}


def creation(id: str, *content: str | None) -> Creation:
    """Return the request that creates `id`, known by its whole content."""
    return Creation(id, hashlib.sha256(dump(content).encode()).hexdigest())


def repetition(rows: Rows, asked: Creation) -> Repetition | None:
    """Return the earlier request that this one repeats, if there is one."""
    known = rows.request(asked.id)
    if known is None:
        return None
    if known.digest != asked.digest:
        raise Conflict(f"{asked.id} was created with other content")
    return Repetition(known)


def require_new_thread(rows: Rows, id: str) -> None:
    _require_id("thread", id)
    _require_not_deleted(rows, "thread", id)
    if rows.thread(id) is not None:
        raise Conflict(f"thread {id} exists with other content")


def require_new_message(rows: Rows, id: str) -> None:
    _require_id("message", id)
    _require_not_deleted(rows, "message", id)
    if rows.head_of(id) is not None:
        raise Conflict(f"message {id} exists with other content")


def require_thread(rows: Rows, id: str) -> Thread:
    thread = rows.thread(id)
    if thread is None:
        _require_not_deleted(rows, "thread", id)
        raise NotFound(f"there is no thread {id}")
    return thread


def require_message(rows: Rows, id: str) -> Message:
    message = rows.head_of(id)
    if message is None:
        _require_not_deleted(rows, "message", id)
        raise NotFound(f"there is no message {id}")
    return message


def require_message_of(rows: Rows, id: str, thread: str) -> Message:
    message = require_message(rows, id)
    if message.thread != thread:
        raise NotFound(f"there is no message {id} in thread {thread}")
    return message


def require_lengths(**texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None and len(text) > _CHARS_MAX[name]:
            raise Invalid(f"{name} is longer than {_CHARS_MAX[name]} characters")


def fit_change(name: str, value: Any) -> Any:
    """Return the new value of a thread's field, if it is one that such a field can have."""
    try:
        return CHANGE_SHAPES[name].check(record_out(value))
    except (ValueError, TypeError, MalformedEntry) as wrong:
        raise Invalid(f"{name}: {wrong}") from None


def _require_id(kind: str, id: str) -> None:
    if not is_id(id):
        raise Invalid(f"the id of a new {kind} must be a UUIDv7")


def _require_not_deleted(rows: Rows, kind: str, id: str) -> None:
    if rows.is_deleted(id):
        raise Gone(f"{kind} {id} was deleted")
