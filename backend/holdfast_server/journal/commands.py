"""What can be asked of the append door, as values (L1).

A command says what somebody wants; `decisions` turns it into events inside the transaction,
where the rows it depends on cannot change under it. Ids come with the command: a client minted
them, so doing twice is doing once (L9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast_protocol.events import PartDelta, PartEnded, PartStarted
from holdfast_protocol.state import Failure, Terminal


@dataclass(frozen=True, slots=True)
class CreateThread:
    thread: str
    title: str | None
    model: str | None
    instructions: str | None


@dataclass(frozen=True, slots=True)
class ChangeThread:
    thread: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeleteThread:
    thread: str


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    message: str


@dataclass(frozen=True, slots=True)
class Send:
    """A question and the reply it asks for. The server mints `run`.

    `part` is the question's one part. It bears the question's own id, so that a page which shows
    the question before it was journalled already shows the part that the journal will name.

    `parent` None: under the thread's leaf as it is at the append.
    """

    thread: str
    message: str
    reply: str
    text: str
    parent: str | None
    model: str | None
    run: str
    part: str


@dataclass(frozen=True, slots=True)
class StopReply:
    """The person stops a reply whose run is not under way, or that is yet to come."""

    message: str


@dataclass(frozen=True, slots=True)
class ContinueReply:
    """The person lets a waiting reply go on, with the run that it was made for."""

    message: str
    run: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may write a run: this attempt at it, in this start of the store (L6)."""

    run: str
    attempt: int
    epoch: int


@dataclass(frozen=True, slots=True)
class StartRun:
    owner: Owner


@dataclass(frozen=True, slots=True)
class WriteRun:
    owner: Owner
    events: tuple[PartStarted | PartDelta | PartEnded, ...]


@dataclass(frozen=True, slots=True)
class EndRun:
    """The one end of a run, together with all that was pending of it."""

    owner: Owner
    events: tuple[PartStarted | PartDelta | PartEnded, ...]
    status: Terminal
    error: Failure | None = None
    usage: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EndOrphans:
    """The starts of the store before `epoch` are over, and what they left is interrupted (L8)."""

    epoch: int


Command = (
    CreateThread
    | ChangeThread
    | DeleteThread
    | DeleteMessage
    | Send
    | StopReply
    | ContinueReply
    | StartRun
    | WriteRun
    | EndRun
    | EndOrphans
)
