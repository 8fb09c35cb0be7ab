"""The outside of the page, as the shell sees it.

The adapters in `browser/` implement these with what a browser has; tests implement them in
memory. Nothing crosses them but plain values: no adapter leaks a JavaScript object.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Clock(Protocol):
    """Time and randomness."""

    def now_ms(self) -> int:
        """The browser's wall clock, in milliseconds."""

    def random_bytes(self, count: int) -> bytes:
        """Bytes from the operating system's randomness, never from a seeded generator."""

    def wake_at(self, name: str, at_ms: float | None, wake: Callable[[], None]) -> None:
        """Call `wake` once at that time, instead of whenever `name` asked before; None: never."""


class StoreGaveWay(Exception):
    """Another tab wrote as a later leader, or further on: this tab must not write."""


class StoreFailed(Exception):
    """The local store cannot be used: refused, full, deleted, broken."""


@dataclass(frozen=True, slots=True)
class Records:
    """What one read transaction of the local store gave."""

    meta: Mapping[str, Any]
    threads: tuple[Any, ...]
    windows: tuple[Any, ...]
    messages: tuple[Any, ...]
    segments: tuple[Any, ...]


class LocalStore(Protocol):
    """One place's store in this browser. All methods raise StoreFailed."""

    async def read(self, thread: str | None) -> Records:
        """Read, in one transaction, everything but messages and segments, and those of `thread`."""

    async def lead(self) -> int:
        """Take the next leader epoch, and return it."""

    async def commit(self, writes: tuple[dict[str, Any], ...], *, epoch: int, seq: int) -> None:
        """Carry the writes out, with the sequence they lead to, in one transaction.

        Raises StoreGaveWay, with nothing written, when the store has a later epoch or sequence.
        """

    async def clear(self) -> None:
        """Forget all content and its sequence. Whoever leads until now gives way from then on."""

    async def close(self) -> None: ...


class LocalStores(Protocol):
    """The stores of this browser, by name, and which one was used last."""

    def last_place(self) -> str | None:
        """The name given to `remember_place` last."""

    def remember_place(self, name: str) -> None: ...

    async def open(self, name: str, stores: Mapping[str, str | tuple[str, ...]]) -> LocalStore: ...


class EventSource(Protocol):
    """A streaming GET. What arrives is handed on once a frame, or at once while hidden."""

    def open(
        self,
        url: str,
        *,
        opened: Callable[[], None],
        text: Callable[[str], None],
        ended: Callable[[int], None],
    ) -> None:
        """Start; a connection that was open is closed first and calls nothing any more.

        `ended` gets the status that was not 200, or 0 for a connection lost.
        """

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered. `status` 0: nothing; `body` is its JSON, or None."""

    status: int
    body: Any


class Http(Protocol):
    """Short requests to our own server; never raises for what the network does."""

    async def request(self, method: str, path: str, body: Any = None) -> Answer: ...


class Tabs(Protocol):
    """The other tabs of this browser."""

    def ask_to_lead(self, name: str, gained: Callable[[], None]) -> None:
        """Wait for the lock of this name; `gained` is called when this tab holds it."""

    def step_down(self) -> None:
        """Let go of the lock."""

    def listen(self, name: str, heard: Callable[[str], None]) -> None:
        """Hear what other tabs say on the channel of this name."""

    def tell(self, text: str) -> None: ...


class Address(Protocol):
    """The address bar."""

    def thread(self) -> str | None:
        """The thread that the address names."""

    def go(self, thread: str | None) -> None: ...

    def listen(self, changed: Callable[[str | None], None]) -> None: ...


class Page(Protocol):
    """The page as a whole: whether it is seen, and what it says of itself on its root element."""

    def listen(
        self,
        *,
        hidden: Callable[[], None],
        shown: Callable[[], None],
        network: Callable[[bool], None],
    ) -> None: ...

    def set_root(self, **attributes: str) -> None:
        """Set `data-…` attributes on the root element."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the shell needs of the outside, and where the server is."""

    clock: Clock
    stores: LocalStores
    events: EventSource
    http: Http
    tabs: Tabs
    address: Address
    page: Page
    spawn: Callable[[Awaitable[None]], None]
    origin: str
