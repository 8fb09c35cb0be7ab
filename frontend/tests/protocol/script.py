"""A writer of legal journals: what the append door would let through, kept in plain dicts.

It knows the rules of a journal and nothing of the fold, so that what it remembers (which texts,
which statuses) can judge what the fold makes of its entries. Ids are counted, never random.
"""

from dataclasses import dataclass, field
from typing import Any

from holdfast_protocol.events import (
    AccountChanged,
    Entry,
    Erased,
    Event,
    MessageChanged,
    MessageCreated,
    MessageDeleted,
    PartDelta,
    PartEnded,
    PartStarted,
    RunEnded,
    RunStarted,
    ThreadChanged,
    ThreadCreated,
    ThreadDeleted,
    Unknown,
)
from holdfast_protocol.ids import mint
from holdfast_protocol.state import Failure, Part

START_MS = 1_700_000_000_000
WAITING = ("queued", "pending")
TERMINAL = ("complete", "stopped", "failed", "interrupted")


def counted_id(n: int) -> str:
    """The n-th id of this test."""
    return mint(START_MS + n, n.to_bytes(10, "big"))


@dataclass(slots=True)
class Piece:
    """What should be in one part."""

    id: str
    kind: str
    text: str = ""
    open: bool = True
    outcome: str | None = None


@dataclass(slots=True)
class Turn:
    """What should be in one message."""

    id: str
    thread: str
    role: str
    parent: str | None
    status: str
    run: str | None = None
    attempt: int = 0
    pieces: list[Piece] = field(default_factory=list)

    @property
    def open_pieces(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.open]


class Script:
    """Writes entries and remembers what they should add up to."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.leaves: dict[str, str | None] = {}
        self.titles: dict[str, str] = {}
        self.turns: dict[str, Turn] = {}
        self._ids = 0

    def __repr__(self) -> str:
        return "\n".join(["Script of", *(f"  {entry.seq} {entry.event}" for entry in self.entries)])

    def id(self) -> str:
        self._ids += 1
        return counted_id(self._ids)

    def write(self, event: Event) -> Entry:
        seq = len(self.entries) + 1
        entry = Entry(seq, START_MS + seq, event)
        self.entries.append(entry)
        return entry

    # --- threads ---

    def create_thread(self, title: str = "") -> str:
        thread = self.id()
        self.leaves[thread] = None
        self.titles[thread] = title
        self.write(ThreadCreated(thread, title))
        return thread

    def change_thread(self, thread: str, **changes: Any) -> None:
        self.titles[thread] = changes.get("title", self.titles[thread])
        self.leaves[thread] = changes.get("leaf", self.leaves[thread])
        self.write(ThreadChanged(thread, changes))

    def delete_thread(self, thread: str) -> None:
        for turn in self.unfinished(thread):
            self.end_run(turn, "stopped")
        self.turns = {id: turn for id, turn in self.turns.items() if turn.thread != thread}
        del self.leaves[thread], self.titles[thread]
        self.write(ThreadDeleted(thread))

    # --- messages ---

    def send(self, thread: str, text: str = "hello") -> Turn:
        """A question under the leaf and the reply it asks for; returns the reply."""
        asked = Turn(self.id(), thread, "user", self.leaves[thread], "complete")
        asked.pieces.append(Piece(self.id(), "text", text, open=False))
        part = Part(asked.pieces[0].id, "text", text=text)
        self._add(asked)
        self.write(
            MessageCreated(thread, asked.id, "user", asked.parent, "complete", None, (part,))
        )
        return self.retry(asked)

    def retry(self, asked: Turn) -> Turn:
        """Another reply to this question."""
        status = "queued" if self.unfinished(asked.thread) else "pending"
        reply = Turn(self.id(), asked.thread, "assistant", asked.id, status, run=self.id())
        self._add(reply)
        self.write(
            MessageCreated(reply.thread, reply.id, "assistant", asked.id, status, run=reply.run)
        )
        return reply

    def _add(self, turn: Turn) -> None:
        self.turns[turn.id] = turn
        self.leaves[turn.thread] = turn.id

    def promote(self, turn: Turn) -> None:
        turn.status = "pending"
        self.write(MessageChanged(turn.thread, turn.id, status="pending"))

    def delete_message(self, turn: Turn) -> None:
        """The message with what hangs below it, the lowest first."""
        below = self.below(turn)
        for one in below:
            if one.status in (*WAITING, "streaming"):
                self.end_run(one, "stopped")
        leaf = self.leaves[turn.thread]
        if leaf in {one.id for one in below}:
            leaf = turn.parent
        for one in reversed(below):
            del self.turns[one.id]
            self.leaves[turn.thread] = leaf
            self.write(MessageDeleted(turn.thread, one.id, leaf))

    def below(self, turn: Turn) -> list[Turn]:
        found = [turn]
        for one in found:
            found += [child for child in self.turns.values() if child.parent == one.id]
        return found

    def unfinished(self, thread: str | None = None) -> list[Turn]:
        return [
            turn
            for turn in self.turns.values()
            if turn.status in (*WAITING, "streaming") and thread in (None, turn.thread)
        ]

    # --- runs ---

    def start(self, turn: Turn, run: str | None = None) -> None:
        """The reply's own run, a later attempt at it, or (Continue) a new run."""
        turn.attempt = 1 if run else turn.attempt + 1
        turn.run = run or turn.run
        turn.status = "streaming"
        self.write(RunStarted(turn.thread, turn.id, turn.run, turn.attempt))

    def start_part(self, turn: Turn, kind: str = "text", name: str | None = None) -> Piece:
        piece = Piece(self.id(), kind)
        turn.pieces.append(piece)
        self.write(PartStarted(turn.thread, turn.id, turn.run, piece.id, kind, name))
        return piece

    def delta(self, turn: Turn, piece: Piece, text: str) -> None:
        offset = len(piece.text)
        piece.text += text
        self.write(PartDelta(turn.thread, turn.id, turn.run, piece.id, offset, text))

    def end_part(self, turn: Turn, piece: Piece, result: str | None = None) -> None:
        piece.open = False
        piece.outcome = "ok" if piece.kind == "tool" else None
        self.write(
            PartEnded(turn.thread, turn.id, turn.run, piece.id, piece.kind, piece.outcome, result)
        )

    def end_run(self, turn: Turn, status: str = "complete") -> None:
        for piece in turn.open_pieces:
            piece.open = False
            piece.outcome = "unknown" if piece.kind == "tool" else None
        turn.status = status
        error = Failure("broke", "The model broke off.", True) if status == "failed" else None
        self.write(RunEnded(turn.thread, turn.id, turn.run, status, True, error, {"tokens": 3}))

    # --- what moves the sequence only ---

    def change_account(self) -> None:
        self.write(AccountChanged({"theme": "dark"}))

    def write_unknown(self) -> None:
        seq = len(self.entries) + 1
        fields = {"seq": seq, "at": START_MS + seq, "type": "comet.seen", "tail": [1]}
        self.entries.append(Entry(seq, START_MS + seq, Unknown(fields)))

    # --- the same journal as a late reader finds it ---

    def erased(self) -> list[Entry]:
        """The entries, those of what was deleted later emptied."""
        gone: set[str] = set()
        late: list[Entry] = []
        for entry in reversed(self.entries):
            if gone & {entry.thread, entry.message}:
                late.append(Entry(entry.seq, entry.at, Erased()))
                continue
            if isinstance(entry.event, ThreadDeleted):
                gone.add(entry.event.thread)
            if isinstance(entry.event, MessageDeleted):
                gone.add(entry.event.message)
            late.append(entry)
        return late[::-1]
