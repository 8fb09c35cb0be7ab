"""Laws L14 and L15, decided: what goes into the local store, and what comes out of it.

The store holds what is known as records: one of its place and sequence, one for each thread,
window and message, and the text of open parts in segments, so that a growing answer is never
written whole again. `writes` compares what was stored last with what is known now; the shell
carries its result out in one transaction together with the sequence it belongs to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from holdfast_protocol.codec import decode_message, decode_thread, encode_message, encode_thread
from holdfast_protocol.errors import MalformedEntry
from holdfast_protocol.state import Message, Part, State, Thread, Window
from holdfast_protocol.text import clean

STORES: Mapping[str, str | tuple[str, ...]] = MappingProxyType(
    {
        "meta": "name",
        "threads": "id",
        "windows": "thread",
        "messages": ("thread", "id"),
        "segments": ("thread", "message", "part", "offset"),
    }
)
"""The object stores of one place, each with the path of its key. Version 1."""

Write = dict[str, Any]
"""`{"put": store, "value": record}`, or `{"clear": store, "under": key or its first fields}`."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What the local store holds: all that is known, and the windows left there from before."""

    known: State = field(default_factory=lambda: State(0))
    stored: Mapping[str, Window] = field(default_factory=lambda: MappingProxyType({}))


def writes(base: Saved, now: Saved) -> tuple[Write, ...]:
    """Return what turns the store's content from `base` into `now`."""
    made: list[Write] = []
    for name in sorted({*base.known.threads, *base.stored} - now.known.threads.keys()):
        made += [_clear(store, name) for store in ("threads", "windows", "messages", "segments")]
    for name, thread in now.known.threads.items():
        if _differs(base.known.threads.get(name), thread):
            made.append(_put("threads", encode_thread(thread)))
            made += _mark_unheld(base, now, thread)
    for name, window in now.known.windows.items():
        if _differs(base.known.windows.get(name), window):
            made += _window_writes(base.known.windows.get(name), window)
    for name, mark in now.stored.items():
        is_held = name in now.known.windows or name not in now.known.threads
        if not is_held and _differs(base.stored.get(name), mark):
            made.append(_put("windows", window_record(mark)))
    return tuple(made)


def _differs(old: Any, new: Any) -> bool:
    """Identity first: what an entry did not touch is the same object. What the store gave is equal
    to what is known, and another object."""
    return old is not new and old != new


def _mark_unheld(base: Saved, now: Saved, thread: Thread) -> Iterable[Write]:
    """A stored window that nobody holds does not follow its thread: it turns stale with it."""
    mark = now.stored.get(thread.id)
    if mark is None or thread.id in now.known.windows or thread.id not in base.known.threads:
        return ()
    return (_put("windows", window_record(replace(mark, fresh=False))),)


def _window_writes(old: Window | None, new: Window) -> list[Write]:
    made: list[Write] = []
    if old is None:  # whatever an earlier window left there goes first
        made += [_clear("messages", new.thread), _clear("segments", new.thread)]
    if old is None or window_record(old) != window_record(new):
        made.append(_put("windows", window_record(new)))
    held = old.messages if old is not None else {}
    for name in held.keys() - new.messages.keys():
        made += [_clear("messages", new.thread, name), _clear("segments", new.thread, name)]
    for name, message in new.messages.items():
        if _differs(held.get(name), message):
            made += _message_writes(held.get(name), message)
    return made


def _message_writes(old: Message | None, new: Message) -> list[Write]:
    made: list[Write] = []
    if old is None or _without_open_text(old) != _without_open_text(new):
        made.append(_put("messages", encode_message(_without_open_text(new))))
    before = {part.id: part for part in old.parts} if old is not None else {}
    for part in new.parts:
        was = before.get(part.id)
        if part.open:
            made += _segment(new, part, len(was.source) if was is not None else 0)
        elif was is not None and was.open:
            made.append(_clear("segments", new.thread, new.id, part.id))
    return made


def _segment(message: Message, part: Part, offset: int) -> list[Write]:
    text = part.source[offset:]
    if not text:
        return []
    return [
        _put(
            "segments",
            {
                "thread": message.thread,
                "message": message.id,
                "part": part.id,
                "offset": offset,
                "text": text,
            },
        )
    ]


def _without_open_text(message: Message) -> Message:
    parts = tuple(
        replace(part, text="", arguments="") if part.open else part for part in message.parts
    )
    return replace(message, parts=parts)


def _put(store: str, record: Mapping[str, Any]) -> Write:
    return {"put": store, "value": record}


def _clear(store: str, *under: str) -> Write:
    return {"clear": store, "under": list(under)}


def window_record(window: Window) -> dict[str, Any]:
    """Return the window's record, which is without its messages."""
    return {
        "thread": window.thread,
        "read_at": window.read_at,
        "has_more": window.has_more,
        "fresh": window.fresh,
    }


def restore_marks(records: Iterable[Any]) -> Mapping[str, Window]:
    """Return the windows of these records, without messages. What does not fit is left out."""
    marks = {}
    for record in records:
        match record:
            case {
                "thread": str(thread),
                "read_at": int(read_at),
                "has_more": bool(has_more),
                "fresh": bool(fresh),
            }:
                marks[thread] = Window(thread, read_at, has_more=has_more, fresh=fresh)
    return MappingProxyType(marks)


def restore_threads(records: Iterable[Any]) -> tuple[Thread, ...]:
    """Return the threads of these records. What does not fit is left out (L24)."""
    return tuple(thread for record in records if (thread := _try(decode_thread, record)))


def restore_window(mark: Window, messages: Iterable[Any], segments: Iterable[Any]) -> Window:
    """Return the window with its messages, the text of open parts joined from segments.

    Whatever does not fit together makes it a saved copy, to be read again from the server.
    """
    texts, is_whole = _joined(segments)
    held: list[Message] = []
    for record in messages:
        message = _try(decode_message, record)
        if message is None or message.thread != mark.thread:
            is_whole = False
        else:
            held.append(_with_open_text(message, texts))
    held.sort(key=lambda message: message.seq)
    by_id = MappingProxyType({message.id: message for message in held})
    return replace(mark, messages=by_id, fresh=mark.fresh and is_whole)


def _joined(segments: Iterable[Any]) -> tuple[dict[tuple[str, str], str], bool]:
    """Return the text of each part, by message and part, and whether every segment joined on."""
    texts: dict[tuple[str, str], str] = {}
    is_whole = True
    for segment in sorted(segments, key=_offset):
        match segment:
            case {"message": str(name), "part": str(part), "offset": int(at), "text": str(text)}:
                before = texts.get((name, part), "")
                if at == len(before):
                    texts[name, part] = before + clean(text)
                else:
                    is_whole = False
            case _:
                is_whole = False
    return texts, is_whole


def _offset(segment: Any) -> int:
    at = segment.get("offset") if isinstance(segment, dict) else None
    return at if isinstance(at, int) else -1


def _with_open_text(message: Message, texts: Mapping[tuple[str, str], str]) -> Message:
    if not any(part.open for part in message.parts):
        return message
    parts = tuple(
        replace(
            part,
            **{
                "arguments" if part.kind == "tool" else "text": texts.get((message.id, part.id), "")
            },
        )
        if part.open
        else part
        for part in message.parts
    )
    return replace(message, parts=parts)


def _try(decode: Any, record: Any) -> Any:
    """Decode a stored record; None for one that does not fit, which is as good as not stored."""
    try:
        return decode(record)
    except MalformedEntry:
        return None
