"""Readers for the fold's tests: whole runs of entries, and states sent through JSON."""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from holdfast_protocol.codec import (
    decode_entry,
    decode_message,
    decode_thread,
    encode_entry,
    encode_message,
    encode_thread,
)
from holdfast_protocol.events import Entry
from holdfast_protocol.fold import fold
from holdfast_protocol.state import Message, State, Window

EMPTY = State(seq=0)


def fold_all(entries: Iterable[Entry], state: State = EMPTY) -> State:
    return reduce(fold, entries, state)


def entry_through_json(entry: Entry) -> Entry:
    return decode_entry(json.loads(json.dumps(encode_entry(entry), ensure_ascii=False).encode()))


def state_through_json(state: State) -> State:
    """The state as a store would give it back."""

    def window_again(window: Window) -> Window:
        return replace(window, messages={id: _again(held) for id, held in window.messages.items()})

    threads = {id: encode_thread(thread) for id, thread in state.threads.items()}
    return State(
        state.seq,
        {id: decode_thread(json.loads(json.dumps(obj))) for id, obj in threads.items()},
        {id: window_again(window) for id, window in state.windows.items()},
        state.strangers,
    )


def _again(message: Message) -> Message:
    return decode_message(json.loads(json.dumps(encode_message(message))))


def renumbered(entries: Iterable[Entry]) -> list[Entry]:
    """The same events, one journal: sequences without gaps, times as they were."""
    return [replace(entry, seq=seq) for seq, entry in enumerate(entries, start=1)]


def picture(state: State) -> dict[str, dict]:
    """What a person sees: everything but sequences and times."""
    return {
        thread.id: {
            "row": (thread.title, thread.leaf, thread.muted, [mark.status for mark in thread.runs]),
            "messages": {
                held.id: (held.role, held.parent, held.status, held.error, _parts(held))
                for held in state.windows[thread.id].messages.values()
            },
        }
        for thread in state.threads.values()
    }


def _parts(message: Message) -> list[tuple]:
    return [
        (part.id, part.kind, part.source, part.open, part.outcome, part.result)
        for part in message.parts
    ]
