"""What the property tests draw: hostile texts, JSON values, single events, legal journals."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from holdfast_protocol import events, state
from holdfast_protocol.codec import CHANGE_SHAPES
from holdfast_protocol.events import Entry
from holdfast_protocol.text import clean

from .script import TERMINAL, Script, Turn, counted_id

FRAGMENTS = (
    *("a", " ", "word ", "\n", "\r\n", "\t", "\0", "\x1b[31m", "\x7f", "\x85", "\u2028", "\ufeff"),
    *("\ud83d", "\ude00", "\ud800", "\udfff", "\U0001f600", "\U0010ffff", "e\u0301", "\u202e"),
    *("\ufffd", "\ufffe", '"', "\\", "\\u0000", "\\ud83d", "</script>", "data: x\n\n", "{}", "ß"),
)
"""What has broken chats: halves of pairs, NUL, line ends of every kind, escapes, markup."""

_halves = st.sampled_from(("\ud83d", "\ude00", "a", "\0", "\U0001f600"))
raw_texts = (
    st.lists(_halves, max_size=6).map("".join)
    | st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join)
    | st.text(st.characters(exclude_categories=()), max_size=8)
)
"""Text as it may come from outside, lone surrogates included."""

texts = raw_texts.map(clean)
"""Text as it is inside."""

ids = st.integers(1, 50).map(counted_id)
numbers = st.integers(0, 2**53 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | raw_texts | ids,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(raw_texts, inner, max_size=3),
    max_leaves=6,
)
clean_json = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
free_objects = st.dictionaries(texts, clean_json, max_size=3)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def words(known: Any) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(known))


parts = st.builds(
    state.Part,
    id=ids,
    kind=words(state.PART_KINDS),
    open=st.booleans(),
    text=texts,
    started_at=maybe(numbers),
    ended_at=maybe(numbers),
    name=maybe(texts),
    arguments=texts,
    result=maybe(texts),
    outcome=maybe(words(state.OUTCOMES)),
    media_type=maybe(texts),
    size=maybe(numbers),
    url=maybe(texts),
)
failures = st.builds(state.Failure, code=texts, message=texts, retryable=st.booleans())
read_marks = st.builds(state.ReadMark, message=ids, part=ids, chars=numbers)
messages = st.builds(
    state.Message,
    id=ids,
    thread=ids,
    parent=maybe(ids),
    role=words(state.ROLES),
    status=words(state.STATUSES),
    seq=numbers,
    parts=st.lists(parts, max_size=2).map(tuple),
    model=maybe(texts),
    created_at=maybe(numbers),
    started_at=maybe(numbers),
    ended_at=maybe(numbers),
    error=maybe(failures),
    usage=maybe(free_objects),
    run=maybe(ids),
    attempt=numbers,
)
run_marks = st.builds(state.RunMark, message=ids, status=words(state.STATUSES))
threads = st.builds(
    state.Thread,
    id=ids,
    title=texts,
    created_at=numbers,
    version=numbers,
    active=numbers,
    leaf=maybe(ids),
    pinned=st.booleans(),
    muted=st.booleans(),
    archived=st.booleans(),
    model=maybe(texts),
    instructions=maybe(texts),
    read_through=maybe(read_marks),
    runs=st.lists(run_marks, max_size=2).map(tuple),
)

_CHANGES = {
    "title": texts,
    "muted": st.booleans(),
    "pinned": st.booleans(),
    "archived": st.booleans(),
    "read_through": maybe(read_marks),
    "model": maybe(texts),
    "instructions": maybe(texts),
    "leaf": maybe(ids),
}
assert _CHANGES.keys() == CHANGE_SHAPES.keys(), "a change has no strategy"

_RUN = {"thread": ids, "message": ids, "run": ids}
_EVENTS: dict[type, dict[str, st.SearchStrategy[Any]]] = {
    events.ThreadCreated: {
        "thread": ids,
        "title": texts,
        "model": maybe(texts),
        "instructions": maybe(texts),
    },
    events.ThreadChanged: {"thread": ids, "changes": st.fixed_dictionaries({}, optional=_CHANGES)},
    events.ThreadDeleted: {"thread": ids},
    events.AccountChanged: {
        "changes": free_objects.map(
            lambda free: {k: v for k, v in free.items() if k not in ("seq", "at", "type")}
        )
    },
    events.MessageCreated: {
        "thread": ids,
        "message": ids,
        "role": words(state.ROLES),
        "parent": maybe(ids),
        "status": words(state.STATUSES - {"streaming"}),
        "model": maybe(texts),
        "parts": st.lists(parts, max_size=2).map(tuple),
        "run": maybe(ids),
    },
    events.MessageChanged: {
        "thread": ids,
        "message": ids,
        "status": maybe(words({"queued", "pending"})),
        "model": maybe(texts),
    },
    events.MessageDeleted: {"thread": ids, "message": ids, "leaf": maybe(ids)},
    events.RunStarted: {**_RUN, "attempt": numbers},
    events.PartStarted: {
        **_RUN,
        "part": ids,
        "kind": words(state.PART_KINDS),
        "name": maybe(texts),
    },
    events.PartDelta: {**_RUN, "part": ids, "offset": numbers, "text": texts},
    events.PartEnded: {
        **_RUN,
        "part": ids,
        "kind": words(state.PART_KINDS),
        "outcome": maybe(words(state.OUTCOMES)),
        "result": maybe(texts),
    },
    events.RunEnded: {
        **_RUN,
        "status": words(state.TERMINAL),
        "notify": st.just(True) | texts,
        "error": maybe(failures),
        "usage": maybe(free_objects),
    },
    events.Erased: {},
}
assert set(_EVENTS) == set(events.EVENT_TYPES.values()), "an event has no strategy"


def entries_of(kind: type) -> st.SearchStrategy[Entry]:
    """Any well-formed entry of one type, legal in its place or not."""
    return st.builds(
        Entry, seq=st.integers(1, 2**53 - 1), at=numbers, event=st.builds(kind, **_EVENTS[kind])
    )


any_entries = st.sampled_from(list(_EVENTS)).flatmap(entries_of)

Move = Callable[[str], object]


WORDS = ("", *(clean(fragment) for fragment in FRAGMENTS), "\U0001f600e\u0301\ufffd")
_STEP_BYTES = 4


def play(tape: bytes) -> Script:
    """The journal in which every four bytes choose a reply, a legal move of it, and a text.

    Bytes, because drawing them is fast and shrinks well: where the first two are 0, nothing
    happens.
    """
    script = Script()
    script.start(script.send(script.create_thread("first")))
    for at in range(0, len(tape) - _STEP_BYTES + 1, _STEP_BYTES):
        high, low, move, word = tape[at : at + _STEP_BYTES]
        if high or low:
            moves = _moves(script, high << 8 | low)
            moves[move % len(moves)](WORDS[word % len(WORDS)])
    return script


def _moves(script: Script, number: int) -> list[Move]:
    """What may happen next: mostly to one reply, now and then to its thread or to others."""
    replies = [turn for turn in script.turns.values() if turn.role == "assistant"]
    if number % 4 == 0 or not replies:
        return _thread_moves(script, number // 4)
    turn = replies[number // 4 % len(replies)]
    if number % 40 == 1:
        return [lambda _: script.delete_message(turn)]
    return _turn_moves(script, turn)


def _thread_moves(script: Script, number: int) -> list[Move]:
    moves: list[Move] = [
        script.create_thread,
        lambda _: script.change_account(),
        lambda _: script.write_unknown(),
    ]
    if not script.leaves:
        return moves
    thread = list(script.leaves)[number % len(script.leaves)]
    moves += [lambda text: script.send(thread, text)] * 2
    moves.append(lambda text: script.change_thread(thread, title=text, muted=bool(text)))
    if number % 10 == 0:
        moves.append(lambda _: script.delete_thread(thread))
    for turn in script.turns.values():
        if turn.thread == thread and turn.role == "user":
            moves.append(lambda _, t=turn: script.retry(t))
            break
    return moves


def _turn_moves(script: Script, turn: Turn) -> list[Move]:
    ends: list[Move] = [lambda _, s=status: script.end_run(turn, s) for status in TERMINAL]
    match turn.status:
        case "queued":
            return [lambda _: script.promote(turn)] * 8 + ends
        case "pending":
            return [lambda _: script.start(turn)] * 16 + ends
        case "streaming":
            return _writing_moves(script, turn) + ends
    return [lambda _: script.start(turn, run=script.id())]


def _writing_moves(script: Script, turn: Turn) -> list[Move]:
    moves: list[Move] = [
        lambda text, k=kind: script.start_part(turn, k, text)
        for kind in ("text", "reasoning", "tool")
    ]
    if not turn.pieces:
        moves += [lambda _: script.start(turn)] * 2
    for piece in turn.open_pieces:
        moves += [lambda text, p=piece: script.delta(turn, p, text)] * 8
        moves.append(lambda text, p=piece: script.end_part(turn, p, text))
    return moves


scripts = st.binary(min_size=30 * _STEP_BYTES, max_size=60 * _STEP_BYTES).map(play)
"""Legal journals: threads, interleaved runs, attempts, parts, deletions, in any legal order."""
