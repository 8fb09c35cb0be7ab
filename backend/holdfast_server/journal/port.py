"""The journal, as the rest of the server sees it: one door in, two reads out.

Nobody outside this package knows which engine keeps it or how its rows look. Nothing that serves
readers holds more than this port, so nothing that serves readers can stop a run (L7).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.state import Message, Thread
from holdfast_server.journal.commands import Command


@dataclass(frozen=True, slots=True)
class Due:
    """A reply whose run is to begin now, and the model it was asked of; None: the thread's."""

    thread: str
    message: str
    run: str
    model: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an append came to: the place after it, and what the command's sender is answered.

    `repeated`: the same request was carried out before; nothing was journalled now (L9).
    `begins`: the replies that this append lets begin. Whoever owns the runs begins them.
    """

    cursor: Cursor
    answer: Mapping[str, Any]
    repeated: bool = False
    begins: tuple[Due, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in sequence order, each as its JSON text, and the cursor after the last of them.

    `more` tells that the journal goes on beyond this page.
    """

    cursor: Cursor
    entries: Sequence[str]
    more: bool


@dataclass(frozen=True, slots=True)
class ThreadList:
    """Threads, pinned first, then by `active`; read at `cursor` in one transaction."""

    cursor: Cursor
    threads: tuple[Thread, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class History:
    """A stretch of a thread's chosen path, newest first; read at `cursor` in one transaction."""

    cursor: Cursor
    thread: Thread
    messages: tuple[Message, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Threads:
    """Scope: a page of an account's threads, after thread `before`; `q` searches titles."""

    account: str
    before: str | None = None
    limit: int = 100
    q: str | None = None


@dataclass(frozen=True, slots=True)
class MessagesOf:
    """Scope: a page of a thread's chosen path; with `before`, of the path above that message,
    chosen or not.
    """

    account: str
    thread: str
    before: str | None = None
    limit: int = 50


@dataclass(slots=True)
class StoreCounts:
    """What the store has done since it was opened; for operators, decides nothing.

    `failed` counts commits that failed, `commit_s` sums the seconds that commits took, `queued`
    is how many appends wait now.
    """

    appends: int = 0
    refused: int = 0
    commits: int = 0
    failed: int = 0
    commit_s: float = 0.0
    queued: int = 0


class Journal(Protocol):
    """One store of many accounts' journals. `epoch` numbers this start of it (L8)."""

    epoch: int
    counts: StoreCounts

    async def append(self, account: str, command: Command) -> Receipt:
        """Carry the command out and journal it, durably, before returning (L1, L2).

        Raises a Refusal when the command cannot be carried out; nothing is journalled then.
        """

    async def entries(self, cursor: Cursor) -> Page | None:
        """Return what came after the cursor; None if it is no place in this journal (L4)."""

    async def snapshot(self, scope: Threads | MessagesOf) -> ThreadList | History:
        """Return state with the cursor it was read at (L5). Raises NotFound or Gone."""

    async def head(self, account: str) -> Cursor:
        """Return the cursor of the account's last entry."""

    async def wait(self, cursor: Cursor, timeout_s: float) -> bool:
        """Wait until there may be entries after the cursor; False when the time is up (L2)."""

    async def check(self) -> None:
        """Read and write the store once. Raises StoreUnavailable."""

    async def lost(self) -> str:
        """Wait until another process has taken the store over; return a sentence that says so.

        From then on every append of this process raises Superseded (L6).
        """

    async def close(self) -> None:
        """Finish what was accepted, then let go of the store."""
