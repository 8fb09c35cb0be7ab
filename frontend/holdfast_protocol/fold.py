"""The fold: the only meaning entries have, the same code on both sides (L5, L13, L16).

    fold_part, fold_message, fold_thread    one thing and one entry
    fold                                    a reader's whole state and one entry

Pure and total over what a reader may meet: an entry that is already applied, of an old attempt,
of something deleted or of something never read changes nothing. What would leave a hole is
reported, never applied: a skipped sequence raises SequenceGap, a skipped offset turns its window
into a saved copy. Things that an entry does not touch keep their identity, so that `is` tells
what changed. An unknown type, `account.changed` and `erased` move the sequence and nothing else.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from holdfast_protocol.errors import OffsetGap, PartMissing, SequenceGap
from holdfast_protocol.events import (
    Entry,
    MessageChanged,
    MessageCreated,
    MessageDeleted,
    PartDelta,
    PartEnded,
    PartStarted,
    RunEnded,
    RunEvent,
    RunStarted,
    ThreadChanged,
    ThreadCreated,
    ThreadDeleted,
)
from holdfast_protocol.run_state import is_allowed, may_end, may_start
from holdfast_protocol.state import Message, Part, RunMark, State, Thread, Window


def fold(state: State, entry: Entry) -> State:
    """Return the state with this entry applied. Raises SequenceGap.

    Law L16, its half in the fold: an entry that is not newer than the state changes nothing.
    """
    if entry.seq <= state.seq:
        return state
    if entry.seq != state.seq + 1:
        raise SequenceGap(expected=state.seq + 1, got=entry.seq)
    name = entry.thread
    if name is None:
        return replace(state, seq=entry.seq)
    held = state.threads.get(name)
    thread = fold_thread(held, entry)
    window = fold_window(state.windows.get(name), entry)
    return State(
        seq=entry.seq,
        threads=put(state.threads, name, thread),
        windows=put(state.windows, name, window),
        strangers=_strangers(state.strangers, name, thread, entry),
    )


def _strangers(
    strangers: frozenset[str], name: str, thread: Thread | None, entry: Entry
) -> frozenset[str]:
    is_stranger = thread is None and not isinstance(entry.event, ThreadDeleted)
    if is_stranger == (name in strangers):
        return strangers
    return strangers | {name} if is_stranger else strangers - {name}


def fold_thread(thread: Thread | None, entry: Entry) -> Thread | None:
    """Return the thread's row after this entry; None once deleted, or when it was never read."""
    event = entry.event
    if isinstance(event, ThreadCreated) and thread is None:
        return Thread(
            id=event.thread,
            title=event.title,
            created_at=entry.at,
            version=entry.seq,
            active=entry.seq,
            model=event.model,
            instructions=event.instructions,
        )
    if thread is None or isinstance(event, ThreadDeleted):
        return None
    if entry.seq <= thread.version:
        return thread
    about_messages = event.TYPE.startswith(("message.", "run."))
    active = entry.seq if about_messages else thread.active
    return replace(thread, version=entry.seq, active=active, **_thread_changes(thread, event))


def _thread_changes(thread: Thread, event: Any) -> dict[str, Any]:
    match event:
        case ThreadChanged():
            return dict(event.changes)
        case MessageCreated():
            runs = thread.runs
            if event.status in ("queued", "pending"):
                runs = (*runs, RunMark(event.message, event.status))
            return {"leaf": event.message, "runs": runs}
        case MessageChanged() if event.status is not None:
            return {"runs": _marked(thread.runs, event.message, event.status)}
        case MessageDeleted():
            return {"leaf": event.leaf, "runs": _unmarked(thread.runs, event.message)}
        case RunStarted():
            return {"runs": _marked(thread.runs, event.message, "streaming")}
        case RunEnded():
            return {"runs": _unmarked(thread.runs, event.message)}
    return {}


def _marked(runs: tuple[RunMark, ...], message: str, status: Any) -> tuple[RunMark, ...]:
    mark = RunMark(message, status)
    if all(held.message != message for held in runs):
        return (*runs, mark)
    return tuple(mark if held.message == message else held for held in runs)


def _unmarked(runs: tuple[RunMark, ...], message: str) -> tuple[RunMark, ...]:
    return tuple(mark for mark in runs if mark.message != message)


def fold_window(window: Window | None, entry: Entry) -> Window | None:
    """Return the window after this entry. A thread seen from its creation has one by itself.

    Law L14, its rule for windows: an entry applies iff it is newer than what the window was
    read at, and a window to which one that applies could not be applied is no longer fresh.
    """
    event = entry.event
    if isinstance(event, ThreadDeleted):
        return None
    if isinstance(event, ThreadCreated) and window is None:
        return Window(thread=event.thread, read_at=entry.seq)
    name = entry.message
    if window is None or name is None or entry.seq <= window.read_at:
        return window
    try:
        message = fold_message(window.messages.get(name), entry)
    except (OffsetGap, PartMissing):
        return replace(window, fresh=False)
    if message is window.messages.get(name):
        return window
    return replace(window, messages=put(window.messages, name, message))


def fold_message(message: Message | None, entry: Entry) -> Message | None:
    """Return the message after this entry: its head, and each of its parts.

    Raises OffsetGap or PartMissing where applying would leave a hole.
    """
    head = fold_head(message, entry)
    event = entry.event
    if head is None or message is None or not isinstance(event, RunEvent):
        return head
    if head.run != event.run or message.status != "streaming":
        return head
    parts = message.parts
    match event:
        case PartStarted() if all(part.id != event.part for part in parts):
            return replace(head, parts=(*parts, start_part(entry, event)))
        case PartDelta() | PartEnded():
            return _with_part_folded(head, entry, event)
        case RunEnded():
            return replace(head, parts=tuple(fold_part(part, entry) for part in parts))
    return head


def _with_part_folded(message: Message, entry: Entry, event: PartDelta | PartEnded) -> Message:
    for place, part in enumerate(message.parts):
        if part.id == event.part:
            folded = fold_part(part, entry)
            if folded is part:
                return message
            parts = (*message.parts[:place], folded, *message.parts[place + 1 :])
            return replace(message, parts=parts)
    raise PartMissing(part=event.part, event=event.TYPE)


def fold_head(message: Message | None, entry: Entry) -> Message | None:
    """Return the message after this entry as far as it concerns all but the parts.

    Apart, because the journal keeps a message's head and its parts in rows of their own: an
    append must not cost more when the answer is longer (L1).
    """
    event = entry.event
    match event:
        case MessageCreated() if message is None:
            return Message(
                id=event.message,
                thread=event.thread,
                parent=event.parent,
                role=event.role,
                status=event.status,
                seq=entry.seq,
                parts=event.parts,
                model=event.model,
                created_at=entry.at,
                run=event.run,
            )
        case MessageDeleted():
            return None
    if message is None:
        return None
    match event:
        case MessageChanged():
            status = event.status or message.status
            if not is_allowed(message.status, event.TYPE, status):
                return message
            return replace(message, status=status, model=event.model or message.model)
        case RunStarted():
            starts = message.role == "assistant" and may_start(
                message.status, message.run, message.attempt, event.run, event.attempt
            )
            return _started(message, entry, event) if starts else message
        case RunEnded():
            if not may_end(message.status, message.run, event.run):
                return message
            return replace(
                message,
                status=event.status,
                run=event.run,
                ended_at=entry.at,
                error=event.error,
                usage=event.usage,
            )
    return message


def _started(message: Message, entry: Entry, event: RunStarted) -> Message:
    return replace(
        message,
        status="streaming",
        run=event.run,
        attempt=event.attempt,
        started_at=entry.at if message.started_at is None else message.started_at,
        ended_at=None,
        error=None,
    )


def start_part(entry: Entry, event: PartStarted) -> Part:
    """Return the part that this entry opens."""
    return Part(id=event.part, kind=event.kind, open=True, started_at=entry.at, name=event.name)


def fold_part(part: Part, entry: Entry) -> Part:
    """Return the part after an entry about it, or after the end of its run. Raises OffsetGap.

    A delta that overlaps what is there adds only what is new; one that skips adds nothing.
    """
    event = entry.event
    if not part.open:
        return part
    match event:
        case PartDelta():
            return _extended(part, event)
        case PartEnded():
            return replace(
                part,
                open=False,
                ended_at=entry.at,
                outcome=event.outcome or ("unknown" if part.kind == "tool" else None),
                result=event.result,
            )
        case RunEnded():
            outcome = "unknown" if part.kind == "tool" else None
            return replace(part, open=False, ended_at=entry.at, outcome=outcome)
    return part


def _extended(part: Part, event: PartDelta) -> Part:
    have = len(part.source)
    if event.offset > have:
        raise OffsetGap(part=part.id, expected=have, got=event.offset)
    new = event.text[have - event.offset :]
    if not new:
        return part
    if part.kind == "tool":
        return replace(part, arguments=part.arguments + new)
    return replace(part, text=part.text + new)


def put(held: Mapping[str, Any], name: str, value: Any) -> Mapping[str, Any]:
    """Return the mapping with `name` set to `value`, or without it when that is None."""
    if held.get(name) is value:
        return held
    if value is None:
        return MappingProxyType({key: kept for key, kept in held.items() if key != name})
    # The union copies the dict below in one go; dict(held) would walk the proxy key by key.
    return MappingProxyType(held | {name: value})  # type: ignore[operator]
