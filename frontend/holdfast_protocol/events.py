"""The vocabulary: everything visible that can happen, as past facts.

An event says what happened; an `Entry` is its record in the journal, with the sequence and the
server time that the append door gave it. Only these reach a reader, and only the fold says what
they mean. Adding a type here means adding its case to the codec, the fold and PROTOCOL.md:
tests fail until all of them know it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from holdfast_protocol.state import Failure, Outcome, Part, PartKind, Role, Status, Terminal


@dataclass(frozen=True, slots=True)
class ThreadCreated:
    TYPE: ClassVar[str] = "thread.created"
    thread: str
    title: str
    model: str | None = None
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    TYPE: ClassVar[str] = "thread.changed"
    thread: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ThreadDeleted:
    TYPE: ClassVar[str] = "thread.deleted"
    thread: str


@dataclass(frozen=True, slots=True)
class AccountChanged:
    TYPE: ClassVar[str] = "account.changed"
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MessageCreated:
    """A message joins the thread and becomes its leaf. A reply names the run that will write it."""

    TYPE: ClassVar[str] = "message.created"
    thread: str
    message: str
    role: Role
    parent: str | None
    status: Status
    model: str | None = None
    parts: tuple[Part, ...] = ()
    run: str | None = None


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A waiting reply changed its place in the queue, or the model that will write it."""

    TYPE: ClassVar[str] = "message.changed"
    thread: str
    message: str
    status: Literal["queued", "pending"] | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is gone. `leaf` is where the thread's path ends from now on."""

    TYPE: ClassVar[str] = "message.deleted"
    thread: str
    message: str
    leaf: str | None


@dataclass(frozen=True, slots=True)
class RunStarted:
    TYPE: ClassVar[str] = "run.started"
    thread: str
    message: str
    run: str
    attempt: int


@dataclass(frozen=True, slots=True)
class PartStarted:
    TYPE: ClassVar[str] = "part.started"
    thread: str
    message: str
    run: str
    part: str
    kind: PartKind
    name: str | None = None


@dataclass(frozen=True, slots=True)
class PartDelta:
    """More text of an open part, from `offset` code points on (a tool's: of its arguments)."""

    TYPE: ClassVar[str] = "part.delta"
    thread: str
    message: str
    run: str
    part: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class PartEnded:
    TYPE: ClassVar[str] = "part.ended"
    thread: str
    message: str
    run: str
    part: str
    kind: PartKind
    outcome: Outcome | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The one end of a run. It closes every part still open.

    `notify` is True, or the reason why no notification is due.
    """

    TYPE: ClassVar[str] = "run.ended"
    thread: str
    message: str
    run: str
    status: Terminal
    notify: Literal[True] | str
    error: Failure | None = None
    usage: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was here is deleted. Its sequence stays, so that the journal stays gapless."""

    TYPE: ClassVar[str] = "erased"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An entry of a later version: kept and skipped. `fields` is the record as it came."""

    TYPE: ClassVar[str] = ""
    fields: Mapping[str, Any]


RunEvent = RunStarted | PartStarted | PartDelta | PartEnded | RunEnded
Event = (
    ThreadCreated
    | ThreadChanged
    | ThreadDeleted
    | AccountChanged
    | MessageCreated
    | MessageChanged
    | MessageDeleted
    | RunEvent
    | Erased
    | Unknown
)

EVENT_TYPES: Mapping[str, type] = {
    kind.TYPE: kind for kind in get_args(Event) if kind is not Unknown
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal record: the `seq`-th of its account, journalled at `at` (server ms)."""

    seq: int
    at: int
    event: Event

    @property
    def type(self) -> str:
        return self.event.TYPE or str(self.event.fields.get("type", ""))

    @property
    def thread(self) -> str | None:
        """The thread it belongs to, or None for one about the account as a whole."""
        return getattr(self.event, "thread", None)

    @property
    def message(self) -> str | None:
        return getattr(self.event, "message", None)
