"""What deciding is made of: the rows it reads, and the three things a command can come to.

A command comes to a Decision, to the Repetition of an earlier one, or to a Refusal, raised.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast_protocol.events import Event
from holdfast_protocol.state import Message, Thread
from holdfast_server.journal.port import Due
from holdfast_server.journal.row_values import Request, RunRow

InFront = Callable[[str], bool]
"""Whether some browser has this thread open, visible and focused now (L22)."""


class Rows(Protocol):
    """What a transaction sees of one account. `epoch` is the store's present start, `now_ms` the
    server's time, which the entries of this append will bear.
    """

    epoch: int
    now_ms: int

    def thread(self, id: str) -> Thread | None: ...
    def head_of(self, message: str) -> Message | None: ...
    def below(self, message: Message) -> tuple[Message, ...]: ...
    def run(self, id: str) -> RunRow | None: ...
    def open_runs(self, *, before_epoch: int) -> tuple[RunRow, ...]: ...
    def open_run_count(self) -> int: ...
    def is_deleted(self, id: str) -> bool: ...
    def request(self, id: str) -> Request | None: ...
    def is_stop_remembered(self, message: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Creation:
    """The request to be remembered under the id it creates."""

    id: str
    digest: str


@dataclass(frozen=True, slots=True)
class RememberedStop:
    """The stop of a reply that is not known yet, kept until that server time (ms)."""

    message: str
    until: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be journalled, in this order, what the sender is answered, what begins then."""

    answer: Mapping[str, Any]
    events: tuple[Event, ...] = ()
    creation: Creation | None = None
    begins: tuple[Due, ...] = ()
    stop: RememberedStop | None = None


@dataclass(frozen=True, slots=True)
class Repetition:
    """The same request was carried out before: its answer is the answer."""

    request: Request
