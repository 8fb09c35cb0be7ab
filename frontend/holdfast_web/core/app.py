"""The page's whole state, as one value.

`known` is what the account's journal says, as far as this browser has applied it; everything
else here is about this tab: what is open, what was sent and not yet echoed, who holds the
connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.events import Entry
from holdfast_protocol.limits import RETRY_MS
from holdfast_protocol.state import State, Window
from holdfast_web.core.history_sync import HistorySync
from holdfast_web.core.transport import Idle, Transport

Sync = Literal["live", "polling", "catching-up", "offline"]
"""What the page says of its connection; `data-sync` on the root element."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose data this is: an account in a journal. Store, lock and channel are named after it."""

    journal: str
    account: str

    def cursor(self, seq: int) -> Cursor:
        return Cursor(self.journal, self.account, seq)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A question on its way: sent by the person and not yet echoed by the journal.

    `queued` behind an earlier one of its thread; `sending` while its request is under way;
    `accepted` by the server, its echo still to come; `waiting` for a server that did not answer;
    `refused` for good, with the `reason`.
    """

    thread: str
    message: str
    reply: str
    text: str
    at: int
    state: Literal["queued", "sending", "accepted", "waiting", "refused"] = "queued"
    reason: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Continuation:
    """A waiting reply that the person let go on; `run` is the one it was made for."""

    thread: str
    message: str
    run: str


@dataclass(frozen=True, slots=True)
class Server:
    """What the server said of itself: its model, and how far its clock is ahead of ours."""

    model: str = ""
    is_demo: bool = False
    models: tuple[str, ...] = ()
    ahead_ms: int = 0


@dataclass(frozen=True, slots=True)
class App:
    """Everything the page decides on.

    `place` is None until a server or a store told whose data this is. `is_leader`: this tab holds
    the event connection; `is_asking`: it follows, missed something and waits for the leader to
    store it, with what comes meanwhile in `parked`. `stored` are the windows in the local store,
    by thread and without their messages. `seen` is the `active` of a thread when last in view,
    `missing` the threads that the server does not know. `gap_at`: where the stream last skipped.
    `retry_ms`: when what the server did not answer is asked again. `model` is the one chosen for
    what is sent next, "" for none in particular. `stopping` are replies whose Stop the server has
    not confirmed, `continuing` those that were let go on and have not been seen to.
    """

    known: State = field(default_factory=lambda: State(0))
    place: Place | None = None
    open: str | None = None
    server: Server = field(default_factory=Server)
    transport: Transport = field(default_factory=Idle)
    sync: Sync = "catching-up"
    is_ready: bool = False
    is_leader: bool = False
    is_asking: bool = False
    parked: tuple[Entry, ...] = ()
    history: HistorySync = field(default_factory=HistorySync)
    stored: Mapping[str, Window] = field(default_factory=lambda: MappingProxyType({}))
    unsent: Mapping[str, Unsent] = field(default_factory=lambda: MappingProxyType({}))
    seen: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    missing: frozenset[str] = frozenset()
    gap_at: int | None = None
    retry_ms: int | None = None
    stopping: frozenset[str] = frozenset()
    continuing: Mapping[str, Continuation] = field(default_factory=lambda: MappingProxyType({}))
    notice: str = ""
    model: str = ""


def retry_later(app: App, now_ms: int) -> App:
    """Have what the server did not answer asked again, should nothing else lead to that first."""
    if app.retry_ms is not None:
        return app
    return replace(app, retry_ms=now_ms + RETRY_MS)
