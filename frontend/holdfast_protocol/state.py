"""What the entries add up to: threads, messages and parts, as values.

These are the things the fold makes and everything else reads: the server's rows, the browser's
local store, the pictures on screen. Times are the server's milliseconds, for display and gating
only; order is journal order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

Role = Literal["user", "assistant"]
PartKind = Literal["text", "reasoning", "tool", "file"]
Outcome = Literal["ok", "error", "unknown"]
Status = Literal["queued", "pending", "streaming", "complete", "stopped", "failed", "interrupted"]
Terminal = Literal["complete", "stopped", "failed", "interrupted"]

ROLES: frozenset[str] = frozenset(get_args(Role))
PART_KINDS: frozenset[str] = frozenset(get_args(PartKind))
OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))
STATUSES: frozenset[str] = frozenset(get_args(Status))
TERMINAL: frozenset[str] = frozenset(get_args(Terminal))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed: a code for programs, a sentence for the person."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Part:
    """An ordered piece of a message. `source` is the text that its deltas build."""

    id: str
    kind: PartKind
    open: bool = False
    text: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    name: str | None = None
    arguments: str = ""
    result: str | None = None
    outcome: Outcome | None = None
    media_type: str | None = None
    size: int | None = None
    url: str | None = None

    @property
    def source(self) -> str:
        """The text as received: a tool's arguments, any other part's text."""
        return self.arguments if self.kind == "tool" else self.text


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `seq` is the sequence of its `message.created`: its place among all others."""

    id: str
    thread: str
    parent: str | None
    role: Role
    status: Status
    seq: int
    parts: tuple[Part, ...] = ()
    model: str | None = None
    created_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    error: Failure | None = None
    usage: Mapping[str, Any] | None = None
    run: str | None = None
    attempt: int = 0

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more is to come unless a person asks for it."""
        return self.status in TERMINAL


@dataclass(frozen=True, slots=True)
class ReadMark:
    """How far the person has read: so many code points of this part of this message."""

    message: str
    part: str
    chars: int


@dataclass(frozen=True, slots=True)
class RunMark:
    """A reply that has not ended, as the list of threads shows it."""

    message: str
    status: Status


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation, without its messages.

    `version` is the sequence of its last entry; `active` that of the last one about a message
    or a run, which sorting and unread marks use. `runs` are its unfinished replies, oldest first.
    """

    id: str
    title: str
    created_at: int
    version: int
    active: int
    leaf: str | None = None
    pinned: bool = False
    muted: bool = False
    archived: bool = False
    model: str | None = None
    instructions: str | None = None
    read_through: ReadMark | None = None
    runs: tuple[RunMark, ...] = ()

    @property
    def run(self) -> RunMark | None:
        """The reply being written, else the first one waiting."""
        streaming = (mark for mark in self.runs if mark.status == "streaming")
        return next(streaming, self.runs[0] if self.runs else None)


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of one thread that a reader holds, by message id in journal order.

    An entry applies to it iff its sequence is greater than `read_at`. `fresh` turns False when
    one that applies could not be applied: what is shown is then a saved copy.
    """

    thread: str
    read_at: int
    messages: Mapping[str, Message] = field(default_factory=lambda: MappingProxyType({}))
    has_more: bool = False
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """What one reader knows of one account, everything up to `seq` applied.

    `strangers` are threads that entries spoke of but whose row this reader never read.
    """

    seq: int
    threads: Mapping[str, Thread] = field(default_factory=lambda: MappingProxyType({}))
    windows: Mapping[str, Window] = field(default_factory=lambda: MappingProxyType({}))
    strangers: frozenset[str] = frozenset()


def chosen_path(window: Window, leaf: str | None) -> tuple[Message, ...]:
    """Return the messages from the oldest one held down to `leaf`, in that order.

    A parent is always older than its child: a stored record that says otherwise ends the path
    instead of walking it for ever (L24).
    """
    path: list[Message] = []
    at = window.messages.get(leaf) if leaf else None
    while at is not None:
        path.append(at)
        parent = window.messages.get(at.parent) if at.parent else None
        at = parent if parent is not None and parent.seq < at.seq else None
    return tuple(reversed(path))
