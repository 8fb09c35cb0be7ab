"""Everything that can happen to the page, as values: what a person does, what the ports report.

Ids and times that an input needs come with it. An input of a dead ticket, an old generation or
a former role is dropped in one place each, in `update`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast_protocol.events import Entry
from holdfast_protocol.state import Message, Thread, Window
from holdfast_web.core.app import Place, Server, Sync


# --- the person ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Opened:
    """The address names this thread now; None: the empty page for a new one."""

    thread: str | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The composer was sent in this thread, or for a new one of this id. The others are fresh."""

    text: str
    thread: str
    message: str
    reply: str


@dataclass(frozen=True, slots=True)
class ModelChosen:
    """What is sent from now on is for this model; "" is the thread's own, or the server's."""

    model: str


@dataclass(frozen=True, slots=True)
class StopPressed:
    message: str


@dataclass(frozen=True, slots=True)
class ContinuePressed:
    """A reply that waits for the person may go on."""

    message: str


@dataclass(frozen=True, slots=True)
class DeletePressed:
    thread: str


@dataclass(frozen=True, slots=True)
class EarlierWanted:
    """The reader asks for what lies above the oldest message shown."""


@dataclass(frozen=True, slots=True)
class ResendPressed:
    message: str


@dataclass(frozen=True, slots=True)
class DiscardPressed:
    message: str


@dataclass(frozen=True, slots=True)
class NoticeDismissed:
    pass


# --- the local store -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Stored:
    """What the local store holds: its place and sequence, and windows as they were asked for.

    `marks` are all windows that the store has, without their messages.
    """

    place: Place
    seq: int
    threads: tuple[Thread, ...]
    windows: tuple[Window, ...]
    marks: Mapping[str, Window]


@dataclass(frozen=True, slots=True)
class Started:
    """The page began. `stored` is None on a first visit."""

    stored: Stored | None
    open: str | None


@dataclass(frozen=True, slots=True)
class WindowRead:
    """The store's window of a thread; None if it has none that can be used."""

    ticket: int
    window: Window | None


@dataclass(frozen=True, slots=True)
class StoreCaughtUp:
    """A follower that missed something read the store again."""

    stored: Stored | None


# --- tabs ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LeadershipGained:
    """This tab holds the lock now. `stored` is what its predecessors left, if anything."""

    stored: Stored | None


@dataclass(frozen=True, slots=True)
class LeadershipLost:
    pass


@dataclass(frozen=True, slots=True)
class PeerEntries:
    """The leader's tab passed on what it applied, out of this journal."""

    journal: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class PeerStored:
    """The leader stored everything up to here. `anew`: what lies before was replaced."""

    seq: int
    anew: bool


@dataclass(frozen=True, slots=True)
class PeerAsked:
    """A following tab missed something."""


@dataclass(frozen=True, slots=True)
class PeerSync:
    """The leader says how its connection is."""

    sync: Sync


# --- the server ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Bootstrap:
    """State of the whole account, read at `seq` of `place`."""

    place: Place
    seq: int
    threads: tuple[Thread, ...]
    server: Server


@dataclass(frozen=True, slots=True)
class BootstrapRead:
    bootstrap: Bootstrap


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """A page of a thread, read at `seq`."""

    ticket: int
    thread: Thread | None
    messages: tuple[Message, ...]
    seq: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class HistoryFailed:
    """`status` 0: no answer at all."""

    ticket: int
    status: int


@dataclass(frozen=True, slots=True)
class StreamOpened:
    generation: int


@dataclass(frozen=True, slots=True)
class StreamHeard:
    """Bytes came, if only a beat."""

    generation: int


@dataclass(frozen=True, slots=True)
class StreamEntries:
    generation: int
    entries: tuple[Entry, ...]
    text: str
    """The entries' JSON array as it came, to pass on as it is."""


@dataclass(frozen=True, slots=True)
class StreamCaughtUp:
    generation: int
    server_ms: int


@dataclass(frozen=True, slots=True)
class StreamReset:
    generation: int
    bootstrap: Bootstrap


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """`status` is what the server answered, 0 if nothing. `jitter` in [0, 1)."""

    generation: int
    status: int
    jitter: float


@dataclass(frozen=True, slots=True)
class SendAnswered:
    """`status` 0: no answer. `reason` is the server's sentence, if it gave one."""

    message: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class StopAnswered:
    """The server answered a stop; `status` 0: it did not."""

    message: str
    status: int


@dataclass(frozen=True, slots=True)
class ContinueAnswered:
    """The server answered a continue; `status` 0: it did not."""

    message: str
    status: int


@dataclass(frozen=True, slots=True)
class DeleteAnswered:
    """The server answered a deletion. `reason` is its sentence, if it gave one."""

    status: int
    reason: str


# --- the world -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Woke:
    """A time that `wake_at` named has come."""


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    is_online: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The page came to the front, or thawed."""


PersonInput = (
    Opened
    | Submitted
    | ModelChosen
    | StopPressed
    | ContinuePressed
    | DeletePressed
    | EarlierWanted
    | ResendPressed
    | DiscardPressed
    | NoticeDismissed
)
StreamInput = (
    StreamOpened | StreamHeard | StreamEntries | StreamCaughtUp | StreamReset | StreamEnded
)
TabInput = (
    LeadershipGained
    | LeadershipLost
    | PeerEntries
    | PeerAsked
    | PeerStored
    | PeerSync
    | StoreCaughtUp
)
Input = (
    PersonInput
    | StreamInput
    | TabInput
    | Started
    | WindowRead
    | BootstrapRead
    | HistoryRead
    | HistoryFailed
    | SendAnswered
    | StopAnswered
    | ContinueAnswered
    | DeleteAnswered
    | Woke
    | NetworkChanged
    | Shown
)
