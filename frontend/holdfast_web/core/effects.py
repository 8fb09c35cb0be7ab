"""What is to be done in the world, as values. The shell does them and reports as inputs."""

from dataclasses import dataclass
from typing import Any

from holdfast_protocol.cursor import Cursor
from holdfast_web.core.app import Continuation, Place, Unsent


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """Read a thread's window from the local store."""

    ticket: int
    thread: str


@dataclass(frozen=True, slots=True)
class FetchHistory:
    """Read a page of a thread from the server."""

    ticket: int
    thread: str
    before: str | None


@dataclass(frozen=True, slots=True)
class FetchBootstrap:
    """Read the account's state from the server."""


@dataclass(frozen=True, slots=True)
class OpenStream:
    """Open the event connection; without a cursor the server begins with a reset."""

    generation: int
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class CloseStream:
    pass


@dataclass(frozen=True, slots=True)
class PostMessage:
    unsent: Unsent


@dataclass(frozen=True, slots=True)
class PostStop:
    message: str


@dataclass(frozen=True, slots=True)
class PostContinue:
    continuation: Continuation


@dataclass(frozen=True, slots=True)
class DeleteThread:
    thread: str


@dataclass(frozen=True, slots=True)
class UsePlace:
    """The data turned out to be of this place: use its store from now on."""

    place: Place


@dataclass(frozen=True, slots=True)
class ReadStore:
    """Read the local store again: this tab follows and missed something."""

    open: str | None


@dataclass(frozen=True, slots=True)
class Save:
    """What is known changed. `now`: do not wait for more to gather."""

    now: bool
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the other tabs."""

    frame: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Navigate:
    """Make the address name this thread."""

    thread: str | None


Effect = (
    ReadWindow
    | FetchHistory
    | FetchBootstrap
    | OpenStream
    | CloseStream
    | PostMessage
    | PostStop
    | PostContinue
    | DeleteThread
    | UsePlace
    | ReadStore
    | Save
    | Tell
    | Navigate
)
